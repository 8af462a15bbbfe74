//! What is wrong with the settings is said at the start.

use crate::{operations::program::program, support::tls::Authority};

/// How a program ends with these settings. It never comes to listen: the port, read last, is none.
fn words(program_name: &str, settings: &[(&str, &str)]) -> String {
    let mut command = program(program_name);
    command.env("PUBLIC_ORIGIN", "http://127.0.0.1:1").env("PORT", "none").envs(settings.iter().copied());
    let ended = command.output().expect("it is built");
    assert!(!ended.status.success(), "{settings:?}");
    String::from_utf8(ended.stderr).expect("text")
}

#[test]
fn a_token_or_password_goes_only_to_a_database_that_shows_who_it_is() {
    let ca = ("DATABASE_CA", &*Authority::new().pem);
    let (iam, arn) = (("DATABASE_IAM", "true"), ("DATABASE_SECRET_ARN", "arn:aws:secretsmanager:x:1:secret:x"));
    let at = |url| ("DATABASE_URL", url);
    let verified = "expected DATABASE_CA too, the certificates of RDS";
    for (settings, expected) in [
        (vec![iam, at("mysql://ada@db.example/hanip")], verified),
        (vec![iam, at("mysql://ada@db.example/hanip?ssl-mode=REQUIRED")], verified),
        (vec![iam, at("mysql://ada@db.example/hanip?ssl-mode=VERIFY_CA")], verified),
        (vec![arn, at("mysql://db.example/hanip")], verified),
        (vec![arn], verified),
        (vec![iam, ca, at("mysql://ada:pa55word@db.example/hanip")], "DATABASE_URL: expected no password"),
        (vec![iam, ca, at("mysql://db.example/hanip")], "DATABASE_URL: expected a user"),
        (vec![arn, ca, at("mysql://ada:pa55word@db.example/hanip")], "DATABASE_URL: expected no user"),
        (vec![iam, arn, ca], "DATABASE_IAM: set it or DATABASE_SECRET_ARN, not both"),
        (vec![("DATABASE_IAM", "yes"), ca], "DATABASE_IAM: expected true or false"),
    ] {
        for program in ["aws/foods", "aws/migrate"] {
            let words = words(program, &settings);
            assert!(words.contains(expected) && !words.contains("pa55word"), "{settings:?}: {words}");
        }
    }
    for program in ["foods", "aws/foods", "migrate"] {
        for mode in ["", "?ssl-mode=REQUIRED"] {
            let url = format!("mysql://ada:pa55word@x.c0ffee.eu-west-1.rds.amazonaws.com/hanip{mode}");
            let words = words(program, &[("DATABASE_URL", &url)]);
            assert!(words.starts_with("DATABASE_CA: not set; expected the certificates of RDS"), "{words}");
        }
    }
}

#[test]
fn a_program_without_aws_says_so() {
    let url = ("DATABASE_URL", "mysql://ada@db.example/hanip");
    for (name, value) in [("DATABASE_IAM", "true"), ("DATABASE_SECRET_ARN", "arn")] {
        for program in ["foods", "migrate"] {
            let words = words(program, &[url, (name, value)]);
            assert!(words.starts_with(&format!("{name}: this program was built without the feature `aws`")), "{words}");
        }
    }
}
