//! The service as a router; add your routes here.

use std::{sync::Arc, time::Instant};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State, rejection::JsonRejection},
    http::{StatusCode, header},
    middleware,
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    failure::Failure,
    observe::{Metrics, observe},
    settings::Settings,
};

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Clone)]
struct App {
    settings: Settings,
    metrics: Arc<Metrics>,
    began: Instant,
}

pub fn router(settings: Settings) -> Router {
    let metrics = Arc::new(Metrics::new());
    let body_limit = DefaultBodyLimit::max(settings.body_limit);
    Router::new()
        .route("/", get(index))
        .route("/health", get(health))
        .route("/metrics", get(numbers))
        .route("/api/info", get(info))
        .route("/api/echo", post(echo))
        .fallback(async || Failure::new(StatusCode::NOT_FOUND, "not found"))
        .method_not_allowed_fallback(async || Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed"))
        .layer(body_limit)
        .layer(CatchPanicLayer::custom(Failure::from_panic))
        .layer(middleware::from_fn_with_state(metrics.clone(), observe))
        .with_state(App { settings, metrics, began: Instant::now() })
}

async fn index(State(app): State<App>) -> Json<Value> {
    let settings = app.settings;
    Json(json!({"service": settings.service, "version": VERSION, "environment": settings.environment}))
}

async fn health(State(app): State<App>) -> Json<Value> {
    Json(json!({"status": "ok", "uptime_s": app.began.elapsed().as_secs_f64()}))
}

async fn info(State(app): State<App>) -> Json<Value> {
    Json(json!({"service": app.settings.service, "language": "Rust", "framework": "axum"}))
}

/// The JSON it was sent.
async fn echo(payload: Result<Json<Value>, JsonRejection>) -> Result<Json<Value>, Failure> {
    let Json(payload) = payload?;
    Ok(Json(json!({"echo": payload})))
}

async fn numbers(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], app.metrics.text())
}
