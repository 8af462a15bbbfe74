//! The table in `docs/asvs.md` names tests that exist.

use std::{collections::BTreeSet, fs, path::Path};

/// The names of all tests under `folder`.
pub fn tests_in(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests_in(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("text");
            let after_attribute =
                text.split("test]\n").skip(1).filter_map(|test| test.split_once("fn ")?.1.split_once('('));
            names.extend(after_attribute.map(|(name, _)| name.to_owned()));
        }
    }
}

#[test]
fn every_test_that_the_asvs_table_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut tests = BTreeSet::new();
    for folder in ["common/src", "functions/auth/src", "functions/reminders/src", "functions/web/src", "tests/it"] {
        tests_in(&root.join(folder), &mut tests);
    }
    let table = fs::read_to_string(root.join("docs/asvs.md")).expect("it is there");
    let mut named = 0;
    for row in table.lines().filter(|line| line.contains("| tested |")) {
        let names = row.split('`').skip(1).step_by(2);
        let names: Vec<&str> = names.filter(|name| name.matches('_').count() > 2 && !name.contains(' ')).collect();
        assert!(!names.is_empty(), "{row}");
        for name in names {
            assert!(tests.contains(name), "{name} is no test");
            named += 1;
        }
    }
    println!("tests named in docs/asvs.md: {named} of {named}");
    assert!(named > 40, "{named}");
}
