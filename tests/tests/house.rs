//! The house rules that a compiler does not know: short files and functions, a reason at every head, no loose ends.

#[test]
fn the_house_is_in_order() {
    let found = xtask::lint::check_house(limner_tests::root()).expect("the sources can be read");
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn the_tables_in_the_documentation_are_what_the_program_says() {
    xtask::docs::update(limner_tests::root(), true).expect("the tables are fresh");
}
