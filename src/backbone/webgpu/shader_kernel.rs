//! A shader, as burn's runtime takes it.

use burn::cubecl::ir::{ElemType, UIntKind, metadata::Info, settings::Dim3};
use burn::cubecl::prelude::{
    AddressType, ExecutionMode, KernelDefinition, KernelId, KernelMetadata, KernelSettings, Scope,
};
use burn::cubecl::{CubeKernel, PrecompiledSource};

use super::shaders::Shader;

impl KernelMetadata for Shader {
    /// Shaders of the same source are compiled once.
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.source.clone())
    }

    fn address_type(&self) -> ElemType {
        ElemType::UInt(UIntKind::U32)
    }
}

impl CubeKernel for Shader {
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
            source: self.source.to_string(),
            entrypoint_name: self.entry_point.into(),
            lang: "wgsl",
        })
    }
}
