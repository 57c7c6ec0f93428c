//! A hand-written kernel, as burn's runtime takes it.

use std::sync::Arc;

use burn::cubecl::ir::{ElemType, UIntKind, metadata::Info, settings::Dim3};
use burn::cubecl::prelude::{
    AddressType, ExecutionMode, KernelDefinition, KernelId, KernelMetadata, KernelSettings, Scope,
};
use burn::cubecl::{CubeKernel, PrecompiledSource};

/// WGSL with an entry point `main`. Kernels of the same source are compiled once.
#[derive(Clone)]
pub struct Kernel(Arc<str>);

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kernel")
    }
}

impl From<String> for Kernel {
    fn from(source: String) -> Self {
        Self(source.into())
    }
}

impl KernelMetadata for Kernel {
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.0.clone())
    }

    fn address_type(&self) -> ElemType {
        ElemType::UInt(UIntKind::U32)
    }
}

impl CubeKernel for Kernel {
    /// Nothing: the source is the kernel.
    fn define(&self) -> KernelDefinition {
        let settings =
            KernelSettings::new(Dim3::new_single(), ExecutionMode::Checked, AddressType::U32);
        KernelDefinition {
            body: Scope::root(settings.clone()),
            settings,
            info: Info::default(),
        }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource {
            source: self.0.to_string(),
            entrypoint_name: "main".into(),
            lang: "wgsl",
        })
    }
}
