//! Around every request: an id, numbers for /metrics, one line in the log.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use prometheus::{HistogramVec, IntCounterVec, Registry, TextEncoder, histogram_opts, opts};
use uuid::Uuid;

use crate::failure::Failure;

const ID_HEADER: &str = "x-request-id";
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
}

impl Metrics {
    pub fn new() -> Self {
        let requests = opts!("http_requests_total", "Requests by how they ended.");
        let seconds = histogram_opts!("http_request_duration_seconds", "How long requests took.");
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(requests, &["method", "route", "status"]).expect("the labels are valid"),
            seconds: HistogramVec::new(seconds, &["method", "route"]).expect("the labels are valid"),
        };
        metrics.registry.register(Box::new(metrics.requests.clone())).expect("registered once");
        metrics.registry.register(Box::new(metrics.seconds.clone())).expect("registered once");
        metrics
    }

    pub fn text(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).expect("metrics are text")
    }
}

pub async fn observe(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    // The route's pattern, not the path: paths are endless, and each would be a series of its own.
    let route =
        request.extensions().get::<MatchedPath>().map_or("unmatched".to_owned(), |found| found.as_str().to_owned());

    let mut response = next.run(request).await;
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        let headers = std::mem::take(response.headers_mut());
        response = failure.body(&id);
        response.headers_mut().extend(headers);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(ID_HEADER, value);
    }

    let (took, status) = (began.elapsed(), response.status().as_u16());
    let known = if METHODS.contains(&method) { method.as_str() } else { "other" };
    metrics.requests.with_label_values(&[known, &route, &status.to_string()]).inc();
    metrics.seconds.with_label_values(&[known, &route]).observe(took.as_secs_f64());
    let duration_ms = took.as_micros() as f64 / 1000.0;
    tracing::info!(%method, path, status, duration_ms, request_id = id, "request");
    response
}

/// The caller's own, so that one request is found in every log, unless it is none.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(ID_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    if (1..=128).contains(&given.len()) && given.chars().all(allowed) {
        given.to_owned()
    } else {
        Uuid::new_v4().simple().to_string()
    }
}
