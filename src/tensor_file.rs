//! Safetensors files: read so that whatever is wrong with one is named, and written so that the same content
//! gives the same bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Problem {
    /// It is damaged, or not what it says.
    Corrupt(String),
    /// It is another kind of file, or of another version.
    Unsupported(String),
}

impl Problem {
    pub fn corrupt(problem: impl Into<String>) -> Self {
        Self::Corrupt(problem.into())
    }
}

/// A result whose error is a [`Problem`].
pub(crate) type Checked<T> = Result<T, Problem>;

/// A file's tensors and metadata, not copied.
#[derive(Debug)]
pub(crate) struct TensorFile<'a> {
    tensors: SafeTensors<'a>,
    metadata: HashMap<String, String>,
}

impl<'a> TensorFile<'a> {
    pub fn parse(bytes: &'a [u8]) -> Checked<Self> {
        if bytes.is_empty() {
            return Err(Problem::corrupt("it is empty"));
        }
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| unreadable(&error))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| unreadable(&error))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        Ok(Self { tensors, metadata })
    }

    /// A field of the metadata.
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.metadata.get(name).map(String::as_str)
    }

    /// A field of the metadata that has to be there.
    pub fn text(&self, name: &str) -> Checked<&str> {
        self.metadata(name)
            .ok_or_else(|| Problem::corrupt(format!("its metadata has no {name}")))
    }

    /// A field of the metadata that holds JSON.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Checked<T> {
        serde_json::from_str(self.text(name)?)
            .map_err(|error| Problem::corrupt(format!("its {name} cannot be read ({error})")))
    }

    /// Which of these formats the file has, and in which of these versions. `kind` is what people call such a file.
    pub fn format(
        &self,
        formats: &[&'static str],
        versions: &[&'static str],
        kind: &str,
    ) -> Checked<(&'static str, &'static str)> {
        let unsupported = |problem: String| Err(Problem::Unsupported(problem));
        let Some(name) = self.metadata("format") else {
            return unsupported(format!("it is a safetensors file, but not {kind}"));
        };
        let Some(format) = formats.iter().find(|format| **format == name) else {
            let known = formats.join("\" or \"");
            return unsupported(format!("its format is \"{name}\", not \"{known}\""));
        };
        let found = self.metadata("version").unwrap_or("not given");
        match versions.iter().find(|version| **version == found) {
            Some(version) => Ok((format, version)),
            None => unsupported(format!(
                "its format version is {found}, and this program reads version {}",
                versions.join(" and ")
            )),
        }
    }

    /// Says whether these are the tensors that are there.
    pub fn check_names(&self, expected: &BTreeSet<String>) -> Checked<()> {
        let present: BTreeSet<String> = self.tensors.names().into_iter().map(Into::into).collect();
        if let Some(name) = expected.difference(&present).next() {
            return Err(missing(name));
        }
        if let Some(name) = present.difference(expected).next() {
            return Err(Problem::corrupt(format!(
                "the tensor {name} is not expected"
            )));
        }
        Ok(())
    }

    /// A tensor of this type and shape.
    pub fn view(&self, name: &str, dtype: Dtype, shape: &[usize]) -> Checked<TensorView<'_>> {
        let view = self.tensors.tensor(name).map_err(|_| missing(name))?;
        if view.dtype() != dtype {
            return Err(Problem::corrupt(format!(
                "the tensor {name} is {:?}, not {dtype:?}",
                view.dtype()
            )));
        }
        if view.shape() != shape {
            return Err(Problem::corrupt(format!(
                "the tensor {name} has the shape {:?}, not {shape:?}",
                view.shape()
            )));
        }
        Ok(view)
    }

    /// The values of an F32 tensor of this shape, all of them finite.
    pub fn f32s(&self, name: &str, shape: &[usize]) -> Checked<Vec<f32>> {
        let values = f32_values(self.view(name, Dtype::F32, shape)?.data());
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Problem::corrupt(format!(
                "the tensor {name} holds a value that is not finite"
            )));
        }
        Ok(values)
    }

    /// The bytes of a U8 tensor of this shape.
    pub fn u8s(&self, name: &str, shape: &[usize]) -> Checked<Vec<u8>> {
        Ok(self.view(name, Dtype::U8, shape)?.data().to_vec())
    }
}

/// Little-endian f32 values of a safetensors buffer.
pub(crate) fn f32_values(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&chunk| f32::from_le_bytes(chunk))
        .collect()
}

/// A tensor about to be written.
#[derive(Debug)]
pub(crate) struct RawTensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl RawTensor {
    pub fn f32<'a>(
        name: impl Into<String>,
        shape: &[usize],
        values: impl IntoIterator<Item = &'a f32>,
    ) -> Self {
        let values = values.into_iter();
        let bytes = values.flat_map(|value| value.to_le_bytes()).collect();
        Self {
            name: name.into(),
            dtype: Dtype::F32,
            shape: shape.to_vec(),
            bytes,
        }
    }

    pub fn u8(name: impl Into<String>, shape: &[usize], bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            dtype: Dtype::U8,
            shape: shape.to_vec(),
            bytes,
        }
    }

    #[cfg(feature = "cli")]
    pub fn i8(name: impl Into<String>, shape: &[usize], values: &[i8]) -> Self {
        Self {
            name: name.into(),
            dtype: Dtype::I8,
            shape: shape.to_vec(),
            bytes: values.iter().map(|&value| value as u8).collect(),
        }
    }
}

/// A value as JSON, for the metadata.
pub(crate) fn json(value: &impl Serialize) -> Checked<String> {
    serde_json::to_string(value).map_err(|error| unwritable(&error))
}

/// A value as a part of a larger JSON document.
pub(crate) fn value(value: &impl Serialize) -> Checked<serde_json::Value> {
    serde_json::to_value(value).map_err(|error| unwritable(&error))
}

fn unwritable(error: &dyn std::fmt::Display) -> Problem {
    Problem::corrupt(format!("it cannot be written ({error})"))
}

/// The bytes of a file.
pub(crate) fn write<const N: usize>(
    tensors: &[RawTensor],
    metadata: [(&str, String); N],
) -> Checked<Vec<u8>> {
    let views = tensors
        .iter()
        .map(|tensor| {
            TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes)
                .map(|view| (tensor.name.as_str(), view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unwritable(&error))?;
    let metadata = metadata.map(|(name, value)| (name.to_string(), value));
    let mut file = safetensors::serialize(views, Some(HashMap::from(metadata)))
        .map_err(|error| unwritable(&error))?;
    sort_header(&mut file).map_err(|error| unwritable(&error))?;
    Ok(file)
}

/// Puts the header's keys in order, which otherwise change from run to run.
fn sort_header(file: &mut [u8]) -> Result<(), SafeTensorError> {
    let (len, _) = SafeTensors::read_metadata(file)?;
    // The header stands behind its length of 8 bytes, and may end with spaces.
    let header = &mut file[8..8 + len];
    let entries: BTreeMap<String, BTreeMap<String, serde_json::Value>> =
        serde_json::from_slice(header)?;
    let sorted = serde_json::to_vec(&entries)?;
    if let Some((start, padding)) = header.split_at_mut_checked(sorted.len()) {
        start.copy_from_slice(&sorted);
        padding.fill(b' ');
    }
    Ok(())
}

fn missing(name: &str) -> Problem {
    Problem::corrupt(format!("the tensor {name} is missing"))
}

fn unreadable(error: &SafeTensorError) -> Problem {
    use SafeTensorError::{
        HeaderTooLarge, HeaderTooSmall, InvalidHeaderLength, MetadataIncompleteBuffer,
    };
    Problem::corrupt(match error {
        HeaderTooSmall | InvalidHeaderLength | MetadataIncompleteBuffer => {
            "it is cut short or not a safetensors file".to_string()
        }
        HeaderTooLarge => "it is not a safetensors file".to_string(),
        other => format!("its header is damaged ({other})"),
    })
}
