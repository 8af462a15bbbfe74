//! What the tests stand on: people, worlds, programs, providers, and what stands in for what a cluster has.

pub mod api_gateway;
pub mod aws;
pub mod broker;
pub mod cluster;
pub mod compare;
pub mod deployment;
pub mod diarist;
pub mod documents;
pub mod edge;
pub mod fake_provider;
pub mod gateway;
pub mod github;
pub mod keys;
pub mod lambda;
pub mod logs;
pub mod model;
pub mod network;
pub mod node;
pub mod oidc;
pub mod person;
pub mod processes;
pub mod proxy;
pub mod push_service;
pub mod tls;
pub mod world;
pub mod writers;
