//! The text that Prometheus reads.

use std::time::Duration;

use common::diary::zone;
use prometheus::{GaugeVec, IntCounterVec, Opts, Registry, TextEncoder, core::Collector};

use crate::{list::FIGURES, question::Answer};

/// The figures of one scrape. They live no longer than it, so that none of them is stale.
pub fn text(answer: Option<(Answer, Duration)>) -> String {
    let registry = Registry::new();
    let register = |collector: Box<dyn Collector>| registry.register(collector).expect("each is registered once");
    let gauge = |name: &str, help: &str, labels: &[&str]| {
        let gauge = GaugeVec::new(Opts::new(name, help), labels).expect("the names are constant");
        register(Box::new(gauge.clone()));
        gauge
    };

    let build = gauge("hanip_build_info", "The version that runs, and that of its time zones.", &["version", "tzdata"]);
    build.with_label_values(&[env!("CARGO_PKG_VERSION"), zone::DATABASE]).set(1.0);
    let up = gauge("hanip_database_up", "Whether the database answered; without it nothing else is said.", &[]);
    up.with_label_values::<&str>(&[]).set(if answer.is_some() { 1.0 } else { 0.0 });
    let Some((answer, took)) = answer else { return encode(&registry) };

    let help = "How long the database took for all of these figures.";
    gauge("hanip_database_answer_seconds", help, &[]).with_label_values::<&str>(&[]).set(took.as_secs_f64());
    let values = FIGURES.iter().zip(answer.figures);
    let mut last: Option<(&str, GaugeVec)> = None;
    for (figure, value) in values {
        let Some(value) = value else { continue };
        let (label, of): (Vec<&str>, Vec<&str>) = figure.label.into_iter().unzip();
        // Figures of one name follow each other.
        let family = match last.take() {
            Some((name, family)) if name == figure.name => family,
            _ => gauge(figure.name, figure.help, &label),
        };
        family.with_label_values(&of).set(value);
        last = Some((figure.name, family));
    }
    let sign_ins = Opts::new("hanip_sign_ins_total", "Sign-ins that ended, by provider and outcome.");
    let sign_ins = IntCounterVec::new(sign_ins, &["provider", "outcome"]).expect("the names are constant");
    register(Box::new(sign_ins.clone()));
    for (provider, outcome, count) in &answer.sign_ins {
        sign_ins.with_label_values(&[provider, outcome]).inc_by(*count);
    }
    encode(&registry)
}

fn encode(registry: &Registry) -> String {
    TextEncoder::new().encode_to_string(&registry.gather()).unwrap_or_default()
}
