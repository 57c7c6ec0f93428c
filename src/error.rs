//! The one error type. Each message names the input, says what is wrong with it and what to do.

use std::io::{self, ErrorKind};
use std::path::Path;

use thiserror::Error;

use crate::tensor_file::Problem;

/// Everything that can go wrong, with a stable [`code`](Error::code) for programs and a message for people.
///
/// ```
/// let error = headstart::Error::NotTrained;
/// assert_eq!(error.code(), "NOT_TRAINED");
/// ```
#[derive(Debug, Error, Clone, PartialEq)]
pub enum Error {
    /// The quantized weights cannot be read.
    #[error(
        "The weights file cannot be used: {problem}. Make it anew with `headstart quantize`, or download it again."
    )]
    WeightsCorrupt {
        /// What is wrong, naming the tensor or field.
        problem: String,
    },
    /// The quantized weights are of another format or version.
    #[error(
        "The weights file cannot be used: {problem}. Make it anew with this version of `headstart quantize`."
    )]
    WeightsUnsupported {
        /// What is not supported.
        problem: String,
    },
    /// A checkpoint cannot be read or is not a ResNet18.
    #[error(
        "{path} cannot be quantized: {problem}. Give torchvision's resnet18 state dict as .pth or .safetensors."
    )]
    Checkpoint {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file cannot be read or written.
    #[error("{path} cannot be {action}: {problem}. {remedy}.")]
    File {
        /// The file.
        path: String,
        /// "read", "written" or "made".
        action: &'static str,
        /// What the system said.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// WebGPU was asked for and does not run.
    #[error(
        "WebGPU cannot run here: {problem}. Choose the \"cpu\" or \"auto\" backend, or a browser with WebGPU switched on."
    )]
    WebGpuUnavailable {
        /// What the browser or adapter said.
        problem: String,
    },
    /// The device failed in the middle of a computation.
    #[error(
        "The compute device stopped working ({problem}). Create a new classifier and add the images again."
    )]
    DeviceLost {
        /// What the device said.
        problem: String,
    },
    /// A file without content.
    #[error("{name} is empty. Copy the image again, or leave it out.")]
    ImageEmpty {
        /// The image.
        name: String,
    },
    /// Bytes that are not an image, or pixels that do not fit their size.
    #[error("{name} cannot be decoded: {problem}. Save it again as JPEG or PNG.")]
    ImageUndecodable {
        /// The image.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An image with too little in it to learn from.
    #[error(
        "{name} is only {width}x{height} pixels. Use an image with at least {min} pixels on its shorter side."
    )]
    ImageTooSmall {
        /// The image.
        name: String,
        /// Its width in pixels.
        width: usize,
        /// Its height in pixels.
        height: usize,
        /// The shortest side accepted, in pixels.
        min: usize,
    },
    /// An image that would not fit in memory.
    #[error(
        "{name} is {width}x{height} pixels. Scale it down to at most {max_side} pixels a side and {max_megapixels} megapixels."
    )]
    ImageTooLarge {
        /// The image.
        name: String,
        /// Its width in pixels.
        width: usize,
        /// Its height in pixels.
        height: usize,
        /// The longest side accepted, in pixels.
        max_side: usize,
        /// The largest area accepted, in megapixels.
        max_megapixels: usize,
    },
    /// Training without any image.
    #[error("There are no images to train on. Add a few photos of each class first.")]
    NoImages,
    /// Training with fewer than two classes.
    #[error(
        "There is only one class, \"{label}\". Add photos of a second class: a classifier needs something to tell apart."
    )]
    TooFewClasses {
        /// The only class.
        label: String,
    },
    /// Training on embeddings that an earlier version made.
    #[error(
        "{count} of the images come from a project of an earlier version, which kept fewer of their features. Add the same files again to train; predicting and evaluating go on as before."
    )]
    ImagesOutdated {
        /// How many.
        count: usize,
    },
    /// A class with no image to train on.
    #[error(
        "The class \"{label}\" has no image to train on. Add a few photos of it that are not for testing, or remove the class."
    )]
    TooFewImages {
        /// The class.
        label: String,
    },
    /// A class has too few training images to fine-tune by.
    #[error(
        "The class \"{label}\" has {count} training images that may be set apart from one another, and fine-tuning needs {needed} of each class. Add more of them, or train without fine-tuning."
    )]
    TooFewToFinetune {
        /// The smallest class.
        label: String,
        /// How many it has.
        count: usize,
        /// How many it needs.
        needed: usize,
    },
    /// A head is needed and there is none.
    #[error(
        "There is no trained head: none was trained yet, or images that it learned from or was judged on were removed. Train first."
    )]
    NotTrained,
    /// No image was held out.
    #[error(
        "There are no held-out images to evaluate on{}. Add test images of the trained classes{}, or add photos and train again so that some can be set aside.",
        if *set_aside > 0 { format!(": all {set_aside} are near-duplicates of training images") } else { String::new() },
        if *set_aside > 0 { " that were taken on other occasions" } else { "" }
    )]
    NoTestImages {
        /// How many there were, but for a near-duplicate among the training images.
        set_aside: usize,
    },
    /// A second training was started while one runs.
    #[error("A training is running already. Wait for it to finish, or cancel it first.")]
    TrainingInProgress,
    /// A project or head file cannot be read.
    #[error(
        "The project file cannot be used: {problem}. Use another copy of it, or export the project again."
    )]
    ProjectCorrupt {
        /// What is wrong, naming the tensor or field.
        problem: String,
    },
    /// A project or head file is of another format or version.
    #[error(
        "The project file cannot be used: {problem}. Choose a file that this version of Headstart exported, or open it with the version that did."
    )]
    ProjectUnsupported {
        /// What is not supported.
        problem: String,
    },
    /// A project or head file goes with other weights than those loaded.
    #[error(
        "The project file was made with other weights: it goes with those of SHA-256 {wanted}, and {loaded} are loaded. Load the weights that it was made with, or start a new project and add the images again."
    )]
    ProjectMismatch {
        /// SHA-256 of the weights file that it goes with, in hex.
        wanted: String,
        /// SHA-256 of the weights file that is loaded, in hex.
        loaded: String,
    },
    /// An argument that makes no sense.
    #[error("{argument} is not valid: {problem}.")]
    InvalidArgument {
        /// The argument's name.
        argument: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

impl Error {
    /// The stable code, as in the npm package's `HeadstartError.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WeightsCorrupt { .. } => "WEIGHTS_CORRUPT",
            Self::WeightsUnsupported { .. } => "WEIGHTS_UNSUPPORTED",
            Self::Checkpoint { .. } => "CHECKPOINT_INVALID",
            Self::File { .. } => "FILE_UNUSABLE",
            Self::WebGpuUnavailable { .. } => "WEBGPU_UNAVAILABLE",
            Self::DeviceLost { .. } => "DEVICE_LOST",
            Self::ImageEmpty { .. } => "IMAGE_EMPTY",
            Self::ImageUndecodable { .. } => "IMAGE_UNDECODABLE",
            Self::ImageTooSmall { .. } => "IMAGE_TOO_SMALL",
            Self::ImageTooLarge { .. } => "IMAGE_TOO_LARGE",
            Self::NoImages => "NO_IMAGES",
            Self::TooFewClasses { .. } => "TOO_FEW_CLASSES",
            Self::ImagesOutdated { .. } => "IMAGES_OUTDATED",
            Self::TooFewImages { .. } | Self::TooFewToFinetune { .. } => "TOO_FEW_IMAGES",
            Self::NotTrained => "NOT_TRAINED",
            Self::NoTestImages { .. } => "NO_TEST_IMAGES",
            Self::TrainingInProgress => "TRAINING_IN_PROGRESS",
            Self::ProjectCorrupt { .. } => "PROJECT_CORRUPT",
            Self::ProjectUnsupported { .. } => "PROJECT_UNSUPPORTED",
            Self::ProjectMismatch { .. } => "PROJECT_MISMATCH",
            Self::InvalidArgument { .. } => "INVALID_ARGUMENT",
        }
    }

    /// What the system said of a file. `action`: "read", "written" or "made".
    pub fn file(path: &Path, action: &'static str, error: &io::Error) -> Self {
        let remedy = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                "Free some space, or choose another disk"
            }
            ErrorKind::IsADirectory => "Give the path of a file",
            ErrorKind::NotFound => "Check the path",
            _ => "Check the path and its permissions",
        };
        Self::File {
            path: path.display().to_string(),
            action,
            problem: error.to_string(),
            remedy,
        }
    }

    /// What is wrong with a weights file.
    pub(crate) fn weights(problem: Problem) -> Self {
        match problem {
            Problem::Corrupt(problem) => Self::WeightsCorrupt { problem },
            Problem::Unsupported(problem) => Self::WeightsUnsupported { problem },
        }
    }

    /// What is wrong with a project or head file.
    pub(crate) fn project(problem: Problem) -> Self {
        match problem {
            Problem::Corrupt(problem) => Self::ProjectCorrupt { problem },
            Problem::Unsupported(problem) => Self::ProjectUnsupported { problem },
        }
    }

    /// What is wrong with what passes between a classifier and its tuner.
    pub(crate) fn finetuning(problem: Problem) -> Self {
        let (Problem::Corrupt(problem) | Problem::Unsupported(problem)) = problem;
        Self::invalid("the file of the fine-tuning", problem)
    }

    pub(crate) fn invalid(argument: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::InvalidArgument {
            argument: argument.into(),
            problem: problem.into(),
        }
    }

    #[cfg(any(feature = "reference", feature = "webgpu", feature = "finetune"))]
    pub(crate) fn device(problem: impl std::fmt::Display) -> Self {
        Self::DeviceLost {
            problem: problem.to_string(),
        }
    }
}

/// A result whose error is [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;
