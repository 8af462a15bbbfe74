//! The table "Works with" in `functions/auth/README.md` says what the tests show, and no more.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use common::Env;

use crate::operations::asvs::tests_in;

/// A row: provider, how far, what an admin sets, tested by.
type Row = [String; 4];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn table() -> Vec<Row> {
    let page = read("functions/auth/README.md");
    let (_, part) = page.split_once("\n## Works with\n").expect("it is there");
    let rows = part.split("\n## ").next().expect("text").lines().filter(|line| line.starts_with("| ")).skip(1);
    let cells =
        |row: &str| -> Vec<String> { row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect() };
    rows.map(|row| Row::try_from(cells(row)).unwrap_or_else(|_| panic!("four cells: {row}"))).collect()
}

/// The text of a link, or the text as it is.
fn text(cell: &str) -> &str {
    cell.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(cell)
}

/// The providers that are run for real, by what tests them: their name and version.
fn run_for_real() -> BTreeMap<String, (String, String)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join("tests/providers")).expect("a folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("text");
        let path = format!("tests/providers/{name}");
        if !name.ends_with(".py") {
            continue;
        }
        let source = read(&path);
        let quoted = |before: &str| source.split_once(before).and_then(|(_, rest)| rest.split(['"', ' ']).next());
        if let Some(version) = quoted("\nVERSION = \"") {
            let named = source.split_once("name = f\"").expect("a provider has a name").1;
            let named = named.split(" {VERSION}").next().expect("text");
            found.insert(path, (named.to_owned(), version.to_owned()));
        }
    }
    let packages: serde_json::Value = serde_json::from_str(&read("tests/oidc-provider/package.json")).expect("JSON");
    let version = packages["dependencies"]["oidc-provider"].as_str().expect("an exact version");
    let test = "a_person_signs_in_through_a_certified_provider_in_a_browser";
    found.insert(test.to_owned(), ("oidc-provider".to_owned(), version.to_owned()));
    found
}

#[test]
fn what_the_table_calls_signed_in_with_for_real_is_run_in_that_version_and_all_that_is_run_is_in_it() {
    let mut run = run_for_real();
    assert!(run.len() >= 4, "{run:?}");
    for [provider, how_far, _, tested_by] in table() {
        let Some(version) = how_far.strip_prefix("for real, ") else { continue };
        let (name, runs) = run.remove(tested_by.trim_matches('`')).unwrap_or_else(|| panic!("{provider}: {tested_by}"));
        assert_eq!((text(&provider), version), (name.as_str(), runs.as_str()));
    }
    assert!(run.is_empty(), "these are run, and not in the table: {run:?}");
}

#[test]
fn what_the_table_calls_shown_is_tried_with_each_provider_and_what_is_not_tried_has_its_reason() {
    let page = read("functions/auth/README.md");
    let (_, part) = page.split_once("\n## Shown for real\n").expect("it is there");
    let mut rows = part.split("\n## ").next().expect("text").lines().filter(|line| line.starts_with('|'));
    let cells = |row: &str| -> Vec<String> {
        row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "").to_owned()).collect()
    };
    let names = cells(rows.next().expect("a head"));
    let sources: Vec<String> = run_for_real()
        .into_iter()
        .filter(|(path, _)| path.ends_with(".py"))
        .map(|(path, (name, _))| {
            assert!(names.contains(&name), "{name} is run, and not in the table");
            path
        })
        .collect();
    assert_eq!(names.len(), 1 + sources.len(), "{names:?}");
    for row in rows.skip(1).map(cells) {
        for (name, cell) in names.iter().zip(&row).skip(1) {
            let source =
                sources.iter().map(|path| read(path)).find(|source| source.contains(&format!("name = f\"{name} ")));
            let source = source.unwrap_or_else(|| panic!("{name} is not run"));
            let is_tried = match row[0].as_str() {
                "consent refused" => !source.contains("consent = None"),
                "a new key while it runs" => !source.contains("self.stop()\n        self.start()"),
                case @ ("tokens of 60 seconds" | "two audiences" | "a name that the userinfo endpoint alone says") => {
                    source.contains(&format!("\"{case}\""))
                }
                // Of every provider.
                _ => true,
            };
            assert_eq!(cell == "yes", is_tried, "{name}, {}: {cell}", row[0]);
            assert!(!cell.is_empty(), "{name}, {}: why not", row[0]);
        }
    }
}

#[test]
fn what_the_table_calls_built_to_documents_has_a_test() {
    let mut tests = BTreeSet::new();
    tests_in(&root().join("tests/it"), &mut tests);
    let mut count = 0;
    for [provider, how_far, sets, tested_by] in table() {
        let is_real = how_far.starts_with("for real, ");
        let known = is_real
            || ["to documents", "not supported", "tried once, with an earlier version"].contains(&how_far.as_str());
        assert!(known, "{provider}: {how_far}");
        assert!(how_far != "not supported" || !sets.is_empty(), "{provider}: what to do instead");
        if !is_real && (how_far == "to documents" || !tested_by.is_empty()) {
            assert!(tests.contains(tested_by.trim_matches('`')), "{provider}: {tested_by} is no test");
            count += 1;
        }
    }
    println!("providers in the table that have a test: {count}");
}

#[test]
fn each_provider_that_is_known_by_name_is_in_the_table_and_has_its_steps() {
    let mut env = Env::default();
    for name in ["GOOGLE", "KAKAO", "NAVER", "GITHUB"] {
        env.set(&format!("OAUTH_{name}_CLIENT_ID"), "x");
        env.set(&format!("OAUTH_{name}_CLIENT_SECRET"), "x");
    }
    let (page, table) = (read("functions/auth/README.md"), table());
    for provider in auth::oauth::providers(&env).expect("they are set up") {
        let row = table.iter().find(|[name, ..]| text(name) == provider.name).expect(&provider.name);
        assert!(row[0].ends_with(&format!("](#{})", provider.id)), "{}: a link to its steps", provider.name);
        let steps = page.split_once(&format!("\n## {}\n", provider.name)).expect("its steps").1;
        assert!(steps.split("\n## ").next().expect("text").contains("1. ["), "{}: where to begin", provider.name);
    }
}
