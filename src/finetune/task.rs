//! What a tail is trained on.

use super::Recipe;
use super::file::HeadTensors;
#[cfg(feature = "finetune")]
use super::file::parse;
use crate::backbone::network::Description;
use crate::backbone::{TailWeights, TrunkView};
use crate::head::Head;
use crate::tensor_file::{self, RawTensor};
#[cfg(feature = "finetune")]
use crate::tensor_file::{Checked, Problem};
use crate::{Error, Result};

/// The metadata's `format`.
const FORMAT: &str = "headstart-finetuning-task";
/// The images' tensor.
const IMAGES: &str = "images";
/// The tensor of what is to be beaten.
const FROZEN: &str = "frozen";

/// A tail, the head that logistic regression has left on it, and the images.
#[derive(Debug, Clone)]
pub struct Task {
    /// The network.
    pub network: Description,
    /// Its tail, as it is.
    pub tail: TailWeights,
    /// The head to begin with: on the tail's features, fitted on the training images and on no other.
    pub head: Head,
    /// What the head on the network as it is says of the validation images, `[validation, classes]`: logits, divided by its
    /// temperature. It was fitted on the same training images.
    pub frozen: Vec<f32>,
    /// The images.
    pub images: Vec<Image>,
    /// How to train.
    pub recipe: Recipe,
}

/// An image that takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// Its class.
    pub class: usize,
    /// What it is there for.
    pub role: Role,
    /// How many of its views an embedding is the mean of: the first ones.
    pub embedded: usize,
    /// How many views of it there are.
    pub views: usize,
}

/// What an image is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// To learn from.
    Train,
    /// To decide by.
    Validation,
    /// For its features alone.
    Bystander,
}

const ROLES: [Role; 3] = [Role::Train, Role::Validation, Role::Bystander];

/// A view of an image, by both places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// The image's place in the task.
    pub image: usize,
    /// The view's place among the image's.
    pub view: usize,
}

impl Image {
    /// How many numbers say all of it.
    const NUMBERS: usize = 4;

    fn to_numbers(self) -> [u32; Self::NUMBERS] {
        let role = ROLES.iter().position(|&role| role == self.role);
        [self.class, role.unwrap_or(0), self.embedded, self.views].map(|number| number as u32)
    }

    #[cfg(feature = "finetune")]
    fn from_numbers(numbers: &[u32; Self::NUMBERS]) -> Checked<Self> {
        let [class, role, embedded, views] = numbers.map(|number| number as usize);
        let role = ROLES.get(role).copied();
        Ok(Self {
            class,
            role: role.ok_or_else(|| Problem::corrupt("an image has no role"))?,
            embedded,
            views,
        })
    }
}

impl Task {
    /// What there is of each view of an image.
    pub fn trunk(&self) -> TrunkView {
        TrunkView::new(&self.network, self.tail.cut())
    }

    /// The task as a safetensors file, for a module of its own.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let write = || {
            let head = HeadTensors::of(&self.head);
            let mut tensors = self.tail.tensors();
            tensors.extend(head.tensors());
            let images = self.images.iter().flat_map(|image| image.to_numbers());
            let shape = [self.images.len(), Image::NUMBERS];
            tensors.push(RawTensor::u32(IMAGES, &shape, images));
            let classes = self.head.labels().len();
            let shape = [self.frozen.len() / classes, classes];
            tensors.push(RawTensor::f32(FROZEN, &shape, &self.frozen));
            let metadata = vec![
                ("format", FORMAT.into()),
                ("network", self.network.name.into()),
                ("labels", tensor_file::json(&self.head.labels())?),
                ("recipe", tensor_file::json(&self.recipe)?),
            ];
            tensor_file::write(tensors, metadata)
        };
        write().map_err(Error::finetuning)
    }

    /// The task in a file that [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for another file.
    #[cfg(feature = "finetune")]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::read(bytes).map_err(Error::finetuning)
    }

    #[cfg(feature = "finetune")]
    fn read(bytes: &[u8]) -> Checked<Self> {
        let file = parse(bytes, FORMAT)?;
        let network = file.text("network")?;
        let network = Description::by_name(network)
            .ok_or_else(|| Problem::corrupt(format!("there is no network {network}")))?;
        let labels: Vec<String> = file.json("labels")?;
        let images = file.u32s(IMAGES, &[file.rows(IMAGES)?, Image::NUMBERS])?;
        let images = images.as_chunks().0.iter().map(Image::from_numbers);
        let images: Vec<Image> = images.collect::<Checked<_>>()?;
        let is_odd = |image: &&Image| image.class >= labels.len() || image.embedded > image.views;
        if let Some(image) = images.iter().find(is_odd) {
            return Err(Problem::corrupt(format!("an image cannot be {image:?}")));
        }
        let is_validation = |image: &&Image| image.role == Role::Validation;
        let validation = images.iter().filter(is_validation).count();
        Ok(Self {
            frozen: file.f32s(FROZEN, &[validation, labels.len()])?,
            tail: TailWeights::read(&file, &network)?,
            head: HeadTensors::read(&file, labels)?,
            images,
            recipe: file.json("recipe")?,
            network,
        })
    }
}
