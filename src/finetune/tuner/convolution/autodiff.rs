//! The way back through a convolution.

use burn::backend::Autodiff;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use super::{ConvolutionGradients, ConvolutionOps, Window};

#[derive(Debug)]
struct Convolution;

/// What the way back needs: the input's and the weights' nodes, and the window.
type State = (NodeId, NodeId, Window);

impl<B: ConvolutionGradients> Backward<B, 2> for Convolution {
    type State = State;

    fn backward(
        self,
        ops: Ops<State, 2>,
        gradients: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [maps_node, weight_node] = ops.parents;
        let (maps, weight, window) = ops.state;
        let gradient = gradients.consume::<B>(&ops.node);
        // Retrieved whether they are wanted or not, since each retrieval is counted.
        let maps: FloatTensor<B> = checkpointer.retrieve_node_output(maps);
        let weight: FloatTensor<B> = checkpointer.retrieve_node_output(weight);
        // A frozen input has no node, and costs nothing.
        if let Some(node) = maps_node {
            let of_input =
                B::input_gradient(maps.clone(), weight.clone(), gradient.clone(), window);
            gradients.register::<B>(node.id, of_input);
        }
        if let Some(node) = weight_node {
            gradients.register::<B>(node.id, B::weight_gradient(maps, weight, gradient, window));
        }
    }
}

impl<B: ConvolutionGradients, C: CheckpointStrategy> ConvolutionOps for Autodiff<B, C> {
    fn convolution(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self> {
        let prepared = Convolution
            .prepare::<C>([maps.node(), weight.node()])
            .compute_bound()
            .stateful();
        match prepared {
            OpsKind::Tracked(mut prepared) => {
                let nodes = (prepared.checkpoint(&maps), prepared.checkpoint(&weight));
                let output = B::convolution(maps.into_primitive(), weight.into_primitive(), window);
                prepared.finish((nodes.0, nodes.1, window), output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::convolution(
                maps.into_primitive(),
                weight.into_primitive(),
                window,
            )),
        }
    }
}
