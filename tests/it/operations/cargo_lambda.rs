//! Functions under `cargo lambda watch`: what a person does, and what a schedule sends. The black box of the API goes
//! there too, with `HANIP_ON_AWS=watch`.

use common::functions::APIS;
use serde_json::{Value, json};

use super::lambda::main_job;
use crate::support::{
    aws::schedule,
    cargo_lambda::CargoLambda,
    deployment::{Place, food, today},
};

#[tokio::test]
#[ignore = "scripts/prove aws installs cargo-lambda"]
async fn a_schedule_wakes_tick_and_reminders_alone() {
    let watch = CargoLambda::shared().await;
    for _ in 0..2 {
        for name in ["tick", "reminders"] {
            assert_eq!(watch.invoke(name, &schedule()).await, Ok(Value::Null), "{name}");
        }
    }
    for api in APIS.iter().filter(|api| api.name != "reminders") {
        let refused = watch.invoke(api.name, &schedule()).await.expect_err(api.name);
        assert_eq!(refused["errorType"], "not-found", "{}", api.name);
    }
    let refused = watch.invoke("tick", &json!({})).await.expect_err("it is no event");
    assert_eq!(refused["errorType"], "event-invalid");
    let ada = Place::at(&watch.edge.origin).somebody().await;
    food(&ada, today(&ada).await).await;
    println!("schedules that functions under cargo lambda watch took wrongly: 0 of {}", 2 * 2 + APIS.len());
}

#[tokio::test]
#[ignore = "scripts/prove aws installs cargo-lambda"]
async fn a_person_does_the_main_job_in_a_browser() {
    let watch = CargoLambda::shared().await;
    main_job(&watch.edge.origin, "cargo-lambda.png").await;
}
