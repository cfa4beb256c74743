//! Every shader parses and validates, on any machine: no adapter is needed.

use limner_render::wgpu::naga;

#[test]
fn every_shader_is_valid() {
    let all = limner_render::pass::all_shaders();
    assert!(all.len() >= 4);
    for (name, source) in all {
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&source)));
        let entries: Vec<_> = module.entry_points.iter().map(|e| e.name.as_str()).collect();
        assert!(!entries.is_empty(), "{name} has no entry point");
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::default())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&source)));
    }
}

/// A file nobody includes would never be validated.
#[test]
fn every_wgsl_file_is_part_of_a_shader() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pass");
    let sources: String = limner_render::pass::all_shaders().into_iter().map(|(_, source)| source).collect();
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "wgsl") {
            found += 1;
            assert!(sources.contains(&std::fs::read_to_string(&path).unwrap()), "{} is not used", path.display());
        }
    }
    assert!(found >= 7);
}
