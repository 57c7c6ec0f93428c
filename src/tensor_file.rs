//! Safetensors files: read so that whatever is wrong with one is named, and written so that the same content
//! gives the same bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::order::sort_by;

/// The bytes that say how long the header is, of which its own length is a multiple.
const LENGTH: usize = 8;

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

    /// The names of its tensors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.names().into_iter()
    }

    /// How many rows a tensor has.
    pub fn rows(&self, name: &str) -> Checked<usize> {
        let view = self.tensors.tensor(name).map_err(|_| missing(name))?;
        Ok(view.shape().first().copied().unwrap_or(0))
    }

    /// The values of a U32 tensor of this shape.
    #[cfg(feature = "finetune")]
    pub fn u32s(&self, name: &str, shape: &[usize]) -> Checked<Vec<u32>> {
        let view = self.view(name, Dtype::U32, shape)?;
        let values = view.data().as_chunks().0.iter().copied();
        Ok(values.map(u32::from_le_bytes).collect())
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
pub(crate) struct RawTensor<'a> {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    /// Puts its bytes at the end of a file: tensors are large, and so no copy of theirs is made.
    append: Box<Append<'a>>,
}

type Append<'a> = dyn Fn(&mut Vec<u8>) + 'a;

impl<'a> RawTensor<'a> {
    pub fn f32<V>(name: impl Into<String>, shape: &[usize], values: V) -> Self
    where
        V: IntoIterator<Item = &'a f32> + Clone + 'a,
    {
        Self::new(name, Dtype::F32, shape, move |file| {
            for value in values.clone() {
                file.extend(value.to_le_bytes());
            }
        })
    }

    pub fn u8<V>(name: impl Into<String>, shape: &[usize], values: V) -> Self
    where
        V: IntoIterator<Item = u8> + Clone + 'a,
    {
        let append = move |file: &mut Vec<u8>| file.extend(values.clone());
        Self::new(name, Dtype::U8, shape, append)
    }

    pub fn u32<V>(name: impl Into<String>, shape: &[usize], values: V) -> Self
    where
        V: IntoIterator<Item = u32> + Clone + 'a,
    {
        Self::new(name, Dtype::U32, shape, move |file| {
            for value in values.clone() {
                file.extend(value.to_le_bytes());
            }
        })
    }

    pub fn i8(name: impl Into<String>, shape: &[usize], values: &'a [i8]) -> Self {
        let bytes = values.iter().map(|&value| value as u8);
        let append = move |file: &mut Vec<u8>| file.extend(bytes.clone());
        Self::new(name, Dtype::I8, shape, append)
    }

    fn new(
        name: impl Into<String>,
        dtype: Dtype,
        shape: &[usize],
        append: impl Fn(&mut Vec<u8>) + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            dtype,
            shape: shape.to_vec(),
            append: Box::new(append),
        }
    }

    fn len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype.bitsize() / 8
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

/// The bytes of a file, in the order of the safetensors crate, which every reader takes: its length, a header that names
/// each tensor with its place, and the tensors, by descending size of their numbers and then by name.
pub(crate) fn write(
    mut tensors: Vec<RawTensor>,
    metadata: Vec<(&str, String)>,
) -> Checked<Vec<u8>> {
    sort_by(&mut tensors, |a, b| {
        b.dtype.cmp(&a.dtype).then_with(|| a.name.cmp(&b.name))
    });
    let mut fields = BTreeMap::new();
    for (name, text) in metadata {
        fields.insert(name, text);
    }
    let mut header = BTreeMap::new();
    header.insert("__metadata__", value(&fields)?);
    let mut end = 0;
    for tensor in &tensors {
        let start = end;
        end += tensor.len();
        let entry = serde_json::json!({
            "data_offsets": [start, end],
            "dtype": tensor.dtype,
            "shape": tensor.shape,
        });
        header.insert(&tensor.name, entry);
    }
    let mut header = json(&header)?.into_bytes();
    header.resize(header.len().next_multiple_of(LENGTH), b' ');
    let mut file = Vec::with_capacity(LENGTH + header.len() + end);
    file.extend((header.len() as u64).to_le_bytes());
    file.extend(header);
    for tensor in &tensors {
        let start = file.len();
        (tensor.append)(&mut file);
        if file.len() - start != tensor.len() {
            let problem = format!("{} has another size than its shape", tensor.name);
            return Err(unwritable(&problem));
        }
    }
    Ok(file)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors<'a>(floats: &'a [f32], bytes: &'a [u8]) -> Vec<RawTensor<'a>> {
        vec![
            RawTensor::u8("a", &[3], bytes.iter().copied()),
            RawTensor::f32("c", &[2, 1], &floats[..2]),
            RawTensor::f32("b", &[3], &floats[2..]),
        ]
    }

    #[test]
    fn a_file_is_as_the_safetensors_crate_writes_it_but_for_the_order_of_its_header() {
        let (floats, bytes) = ([1.0, -2.0, 3.5, f32::MIN, 0.1], [7_u8, 0, 255]);
        let file = write(
            tensors(&floats, &bytes),
            vec![("k", "v".into()), ("a", "ä".into())],
        )
        .unwrap();
        let raw = |values: &[f32]| -> Vec<u8> {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        };
        let (c, b) = (raw(&floats[..2]), raw(&floats[2..]));
        let views = [
            ("a", TensorView::new(Dtype::U8, vec![3], &bytes).unwrap()),
            ("b", TensorView::new(Dtype::F32, vec![3], &b).unwrap()),
            ("c", TensorView::new(Dtype::F32, vec![2, 1], &c).unwrap()),
        ];
        let metadata = [("k", "v"), ("a", "ä")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let theirs = safetensors::serialize(views, Some(HashMap::from(metadata))).unwrap();
        let parts = |file: &[u8]| {
            let end = LENGTH + usize::from_le_bytes(file[..LENGTH].try_into().unwrap());
            let header: serde_json::Value = serde_json::from_slice(&file[LENGTH..end]).unwrap();
            (header, file[end..].to_vec())
        };
        assert_eq!(parts(&file), parts(&theirs));
        assert_eq!(file.len(), theirs.len());
        assert!(SafeTensors::deserialize(&file).is_ok());
    }

    #[test]
    fn the_same_content_gives_the_same_bytes_in_whatever_order() {
        let (floats, bytes) = ([0.0; 5], [0; 3]);
        let mut turned = tensors(&floats, &bytes);
        turned.reverse();
        let metadata = vec![("k", "v".into()), ("a", "b".into())];
        let one = write(tensors(&floats, &bytes), metadata).unwrap();
        let other = write(turned, vec![("a", "b".into()), ("k", "v".into())]).unwrap();
        assert_eq!(one, other);
    }

    #[test]
    fn a_tensor_of_another_size_than_its_shape_is_not_written() {
        let tensor = RawTensor::f32("a", &[3], &[1.0, 2.0]);
        let Err(Problem::Corrupt(problem)) = write(vec![tensor], Vec::new()) else {
            panic!("it was written");
        };
        assert!(problem.contains("a has another size"));
    }
}
