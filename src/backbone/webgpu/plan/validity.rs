//! Every shader of the plan, for each kind of adapter, read and checked by naga, which is wgpu's compiler.

use naga::valid::{Capabilities, GlobalUse, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, GlobalVariable, Module, Scalar, StorageAccess, TypeInner, VectorSize};

use super::{ConvolutionPlan, NetworkPlan, PoolPlan};
use crate::backbone::network::{Activation, Block, Description, Shortcut, Step};
use crate::backbone::webgpu::shaders::{Operand, Shader, Tiling};
use crate::device::BackendKind;

/// WebGPU's default limits, which every device keeps (W3C, "WebGPU", section 3.6.2): bytes of workgroup memory,
/// invocations of a workgroup, storage buffers of a shader, bytes of one, and workgroups in a direction.
const WORKGROUP_BYTES: u32 = 16_384;
const WORKGROUP_INVOCATIONS: u32 = 256;
const STORAGE_BUFFERS: usize = 8;
const STORAGE_BYTES: usize = 128 << 20;
const WORKGROUPS: usize = 65_535;

const TILINGS: [Tiling; 2] = [Tiling::Shared, Tiling::Direct];

#[test]
fn every_shader_is_valid_wgsl_that_every_webgpu_device_takes() {
    let mut problems = Vec::new();
    for tiling in TILINGS {
        let plan = NetworkPlan::new(&Description::resnet18(), tiling);
        let shaders = shaders(&plan);
        // Three of each of Winograd's 13 convolutions, two of each of the other 7, and five that pool.
        assert_eq!(shaders.len(), 3 * 13 + 2 * 7 + 5);
        for (layer, shader) in shaders {
            if let Err(problem) = check(shader, layer == "conv1") {
                let name = shader.entry_point;
                problems.push(format!("{layer}, {name}, {tiling:?}: {problem}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn both_kinds_of_adapter_are_checked() {
    assert_eq!(
        [false, true].map(Tiling::for_adapter),
        TILINGS,
        "a kind of adapter has a tiling that no test knows"
    );
}

#[test]
fn a_batch_keeps_within_the_limits_of_every_webgpu_device() {
    let batch = BackendKind::WebGpu.batch_size();
    for tiling in TILINGS {
        let plan = NetworkPlan::new(&Description::resnet18(), tiling);
        for (layer, shader) in shaders(&plan) {
            let groups = shader.grid.groups(batch);
            let name = shader.entry_point;
            assert!(
                groups
                    .iter()
                    .all(|&count| (1..=WORKGROUPS).contains(&count)),
                "{layer}, {name}, {tiling:?}: {groups:?} workgroups"
            );
        }
        for plan in all(&plan) {
            let sizes = [
                plan.factors(batch) * size_of::<f32>(),
                plan.products(batch).unwrap_or(0) * size_of::<f32>(),
                plan.output(batch) * size_of::<f32>(),
            ];
            let name = &plan.layer.name;
            assert!(
                sizes.iter().all(|&bytes| bytes <= STORAGE_BYTES),
                "{name}, {tiling:?}: factors, products and output take {sizes:?} bytes"
            );
        }
        assert!(plan.max_pool.output(batch) * size_of::<f32>() <= STORAGE_BYTES);
        let size = |plan: &ConvolutionPlan| plan.layer.shape().iter().product();
        let plans = all(&plan).into_iter();
        let greatest = plans.max_by_key(|plan| size(plan)).expect("it has layers");
        let weights = greatest.weights(&vec![1; size(greatest)]);
        assert!(weights.len() * size_of::<i16>() <= STORAGE_BYTES);
        assert!(weights.iter().any(|&weight| weight != 0));
    }
}

/// Blocks may end in any convolution, also one whose products are its output, and in any activation.
#[test]
fn shortcuts_are_added_by_whichever_kernel_comes_last() {
    let mut network = Description::resnet18();
    let block = &mut network.stages[0].blocks[0];
    block.steps[1].convolution.kernel = 1;
    block.steps[1].activation = Activation::Identity;
    for tiling in TILINGS {
        let plan = NetworkPlan::new(&network, tiling);
        let [_, last] = &plan.stages[0].blocks[0].steps[..] else {
            panic!("the block has two convolutions");
        };
        let [.., shader] = &last.convolution.shaders[..] else {
            panic!("the convolution has kernels");
        };
        assert!(adds(&last.convolution));
        assert!(!shader.source.contains("max("), "{tiling:?}");
        check(shader, false).unwrap();
    }
}

#[test]
fn each_layer_puts_out_what_the_next_one_reads() {
    for network in [Description::resnet18(), Description::resnet34()] {
        let plan = NetworkPlan::new(&network, Tiling::Shared);
        let planned: Vec<_> = all(&plan).iter().map(|plan| &plan.layer).collect();
        assert_eq!(planned, network.convolutions().collect::<Vec<_>>());
        let PoolPlan {
            channels, side_out, ..
        } = plan.max_pool;
        assert_eq!(plan.stem.channels_out(), channels);
        assert_eq!(plan.stem.side_out(), 2 * side_out);
        let mut map = (channels, side_out);
        for block in plan.stages.iter().flat_map(|stage| &stage.blocks) {
            let out = |plan: &ConvolutionPlan| (plan.channels_out(), plan.side_out());
            let read = |plan: &ConvolutionPlan| {
                (plan.layer.channels_in, plan.side_out() * plan.layer.stride)
            };
            let mut shortcut = map;
            if let Shortcut::Convolution(projection) = &block.shortcut {
                assert_eq!(read(projection), map, "{}", projection.layer.name);
                assert!(!adds(projection));
                shortcut = out(projection);
            }
            for (index, Step { convolution, .. }) in block.steps.iter().enumerate() {
                let name = &convolution.layer.name;
                assert_eq!(read(convolution), map, "{name}");
                map = out(convolution);
                assert_eq!(adds(convolution), index + 1 == block.steps.len(), "{name}");
            }
            assert_eq!(shortcut, map);
        }
    }
}

/// Whether a convolution's kernels add another map.
fn adds(plan: &ConvolutionPlan) -> bool {
    let mut operands = plan.shaders.iter().flat_map(|shader| &shader.operands);
    operands.any(|operand| *operand == Operand::Shortcut)
}

/// All convolutions.
fn all(plan: &NetworkPlan) -> Vec<&ConvolutionPlan> {
    let blocks = plan.stages.iter().flat_map(|stage| &stage.blocks);
    let mut all = vec![&plan.stem];
    all.extend(blocks.flat_map(Block::convolutions));
    all
}

/// All shaders, and the names of their layers.
fn shaders(plan: &NetworkPlan) -> Vec<(&str, &Shader)> {
    let NetworkPlan {
        stem: _,
        max_pool,
        stages: _,
        means,
        layout,
    } = plan;
    let mut shaders = vec![("maxpool", &max_pool.shader)];
    let names = layout.stages().iter().map(|stage| stage.name.as_str());
    shaders.extend(names.zip(means));
    for plan in all(plan) {
        let name = plan.layer.name.as_str();
        shaders.extend(plan.shaders.iter().map(|shader| (name, shader)));
    }
    shaders
}

/// What is wrong with a shader, if anything is.
fn check(shader: &Shader, reads_crops: bool) -> Result<(), String> {
    let source = &shader.source;
    let module = naga::front::wgsl::parse_str(source)
        .map_err(|error| format!("it is not WGSL: {}", error.emit_to_string(source)))?;
    // No capability: not one is in every device.
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .map_err(|error| format!("it is not valid: {}", error.emit_to_string(source)))?;
    check_workgroup(&module, shader)?;
    check_bindings(&module, &info, shader, reads_crops)
}

fn check_workgroup(module: &Module, shader: &Shader) -> Result<(), String> {
    let [entry] = module.entry_points.as_slice() else {
        return Err(format!("{} entry points", module.entry_points.len()));
    };
    if entry.name != shader.entry_point || entry.stage != naga::ShaderStage::Compute {
        return Err(format!("its entry point is {}", entry.name));
    }
    let invocations = entry.workgroup_size.iter().product::<u32>();
    if invocations > WORKGROUP_INVOCATIONS {
        return Err(format!("{invocations} invocations to a workgroup"));
    }
    let variables = module.global_variables.iter().map(|(_, variable)| variable);
    let shared = variables.filter(|variable| variable.space == AddressSpace::WorkGroup);
    let sizes = shared.map(|variable| module.types[variable.ty].inner.size(module.to_ctx()));
    let bytes = sizes.sum::<u32>();
    if bytes > WORKGROUP_BYTES {
        return Err(format!("{bytes} bytes of workgroup memory"));
    }
    Ok(())
}

/// Whether each operand is declared under its number, with elements as the buffer holds them, is used, and is written
/// only if it is a result.
fn check_bindings(
    module: &Module,
    info: &ModuleInfo,
    shader: &Shader,
    reads_crops: bool,
) -> Result<(), String> {
    let uses = info.get_entry_point(0);
    let variables = module.global_variables.iter();
    let bound: Vec<_> = variables
        .filter(|(_, variable)| variable.binding.is_some())
        .collect();
    if bound.len() != shader.operands.len() || bound.len() > STORAGE_BUFFERS {
        let (declared, operands) = (bound.len(), shader.operands.len());
        return Err(format!("{declared} buffers for {operands} operands"));
    }
    for (index, operand) in shader.operands.iter().enumerate() {
        let name = operand.name();
        let place = naga::ResourceBinding {
            group: 0,
            binding: index as u32,
        };
        let (handle, variable) = bound
            .iter()
            .find(|(_, variable)| variable.binding == Some(place))
            .ok_or_else(|| format!("nothing is declared for {name} at binding {index}"))?;
        let mut elements = elements(*operand, reads_crops).into_iter();
        if variable.name.as_deref() != Some(name)
            || !elements.any(|element| is_buffer_of(module, variable, &element))
        {
            let kind = &module.types[variable.ty].inner;
            return Err(format!(
                "binding {index} is for {name}: {variable:?}, {kind:?}"
            ));
        }
        let results = [
            Operand::Factors,
            Operand::Products,
            Operand::Output,
            Operand::Embeddings,
        ];
        let used = uses[*handle];
        // A pipeline's layout leaves out what is not used, and then nothing can be bound to it.
        if used.is_empty() || used.contains(GlobalUse::WRITE) && !results.contains(operand) {
            return Err(format!("{name} is used so: {used:?}"));
        }
    }
    Ok(())
}

/// What may stand for an element of an operand: what its buffer is filled with.
fn elements(operand: Operand, reads_crops: bool) -> Vec<TypeInner> {
    let vector = |size, scalar| TypeInner::Vector { size, scalar };
    match operand {
        Operand::Input if reads_crops => vec![TypeInner::Scalar(Scalar::U32)],
        Operand::Images => vec![TypeInner::Scalar(Scalar::U32)],
        Operand::Weights => vec![vector(VectorSize::Bi, Scalar::U32)],
        Operand::Affine => vec![vector(VectorSize::Bi, Scalar::F32)],
        // Rows are padded to whole vectors.
        Operand::Factors | Operand::Products | Operand::Shortcut => vec![
            TypeInner::Scalar(Scalar::F32),
            vector(VectorSize::Quad, Scalar::F32),
        ],
        Operand::Input | Operand::Output | Operand::Embeddings => {
            vec![TypeInner::Scalar(Scalar::F32)]
        }
    }
}

/// Whether a variable is a storage buffer of such elements, however many. Buffers that a shader only reads are
/// declared like the others: burn's memory pools have several in one buffer, which cannot be both at once.
fn is_buffer_of(module: &Module, variable: &GlobalVariable, element: &TypeInner) -> bool {
    let access = StorageAccess::LOAD | StorageAccess::STORE;
    let TypeInner::Array { base, size, .. } = module.types[variable.ty].inner else {
        return false;
    };
    variable.space == AddressSpace::Storage { access }
        && size == naga::ArraySize::Dynamic
        && module.types[base].inner == *element
}
