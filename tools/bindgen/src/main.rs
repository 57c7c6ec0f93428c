//! `headstart-bindgen MODULE.wasm FOLDER`: the module's JavaScript and types, as wasm-bindgen's own command line makes
//! them with `--target web`. The library is of the version that the crate is linked against, because one lock file
//! holds both, and it compiles in a third of the command line's time.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        eprintln!("usage: headstart-bindgen MODULE.wasm FOLDER");
        return ExitCode::from(2);
    };
    match bind(module, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headstart-bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bind(module: &str, folder: &str) -> anyhow::Result<()> {
    Bindgen::new()
        .input_path(module)
        .out_name("headstart")
        .web(true)?
        .typescript(true)
        // The worker says where the module is; bundlers would take a second address for a second file.
        .omit_default_module_path(true)
        .generate(folder)
}
