//! What the environment tells this service. Nothing else reads it.

use std::{env, str::FromStr, time::Duration};

#[derive(Clone)]
pub struct Settings {
    pub service: String,
    pub environment: String,
    pub host: String,
    pub port: u16,
    /// Largest request body, in bytes.
    pub body_limit: usize,
    /// How long a stop waits for requests that are under way.
    pub grace: Duration,
}

impl Settings {
    pub fn from_environment() -> Result<Self, String> {
        Ok(Self {
            service: service(),
            environment: text("ENV", "dev"),
            host: text("HOST", "127.0.0.1"),
            port: number("PORT", "{{PORT}}")?,
            body_limit: number("BODY_LIMIT", "1048576")?,
            grace: Duration::from_secs(number("GRACE_SECONDS", "10")?),
        })
    }
}

pub fn service() -> String {
    text("SERVICE_NAME", "{{SERVICE_NAME}}")
}

fn text(name: &str, default: &str) -> String {
    env::var(name).ok().filter(|given| !given.is_empty()).unwrap_or_else(|| default.to_owned())
}

fn number<T: FromStr>(name: &str, default: &str) -> Result<T, String> {
    let given = text(name, default);
    given.parse().map_err(|_| format!("{name}: expected a number, got {given:?}"))
}
