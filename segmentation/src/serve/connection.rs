//! Connections: how many there are, how long they may say nothing, and how they end.

use super::house::House;
use super::routes;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use limner_imaging::Cancel;
use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// Connections at once, and more for each session: a client may hold several.
const CONNECTIONS: usize = 64;
const CONNECTIONS_PER_SESSION: usize = 8;
const MOST_HEAD_BYTES: usize = 64 << 10;
/// How often it is looked whether to stop.
const TICK: Duration = Duration::from_millis(50);
const SWEEP: Duration = Duration::from_secs(1);
/// What is under way when the server is told to stop may take so long.
const FAREWELL: Duration = Duration::from_secs(5);

pub async fn serve(listener: std::net::TcpListener, house: Arc<House>, stop: &Cancel) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let (end, ending) = watch::channel(false);
    let most = CONNECTIONS + CONNECTIONS_PER_SESSION * house.options.max_sessions;
    let places = Arc::new(Semaphore::new(most));
    let accepting = tokio::spawn(accept(listener, Arc::clone(&house), Arc::clone(&places), ending));
    let mut swept = Instant::now();
    while !stop.is_cancelled() && !accepting.is_finished() {
        tokio::time::sleep(TICK).await;
        if swept.elapsed() >= SWEEP {
            house.leases.sweep();
            swept = Instant::now();
        }
    }
    accepting.abort();
    let _ = end.send(true);
    let all_over = places.acquire_many(u32::try_from(most).unwrap_or(u32::MAX));
    let in_time = tokio::time::timeout(FAREWELL, all_over).await.is_ok();
    house.leases.close();
    if !in_time {
        log::info!("requests that were still under way were broken off");
    }
    Ok(())
}

async fn accept(listener: TcpListener, house: Arc<House>, places: Arc<Semaphore>, ending: watch::Receiver<bool>) {
    let router = routes::router(Arc::clone(&house));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let talk = talk(stream, router.clone(), house.options.limits.head, ending.clone());
                tokio::spawn(async move {
                    talk.await;
                    drop(place);
                });
            }
            // Out of handles, or a peer that went away: neither is a reason to end.
            Err(error) => {
                log::warn!("a connection could not be taken: {error}");
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

async fn talk(stream: TcpStream, router: Router, head: Duration, mut ending: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(MOST_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    let mut told = false;
    let mut end = pin!(async move { ending.wait_for(|&end| end).await.map(|_| ()) });
    // A peer that breaks off is not worth a word.
    let _ = poll_fn(|cx| {
        if !told && let Poll::Ready(_) = end.as_mut().poll(cx) {
            told = true;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    })
    .await;
}
