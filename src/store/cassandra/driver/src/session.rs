//! The cluster's connections and the statements prepared on them.
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session_builder::SessionBuilder;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::response::{PagingState, PagingStateResponse};
use scylla::statement::batch::{Batch, BatchType};
use scylla::statement::prepared::PreparedStatement;
use scylla::statement::{Consistency, SerialConsistency};
use tokio::runtime::{Builder, Runtime};

use crate::reply::{Failure, Reply, INVALID, UNAVAILABLE};
use crate::value::Value;

pub struct Address {
    pub contact_points: String,
    pub login: Option<(String, String)>,
    pub local_datacenter: String,
    pub connect_timeout: Duration,
    pub request_timeout: Duration,
    pub threads: usize,
}

pub struct Statement {
    pub text: String,
    pub values: Vec<Value>,
}

pub struct Options {
    pub consistency: Consistency,
    pub serial_consistency: SerialConsistency,
    pub idempotent: bool,
    pub page_size: i32,
    pub page_state: Option<Vec<u8>>,
}

impl Options {
    pub fn consistency_of(number: i32) -> Result<Consistency, Failure> {
        u16::try_from(number)
            .ok()
            .and_then(|number| Consistency::try_from(number).ok())
            .ok_or_else(|| Failure::new(INVALID, format!("there is no consistency {number}")))
    }

    pub fn serial_of(number: i32) -> SerialConsistency {
        if number == 9 { SerialConsistency::LocalSerial } else { SerialConsistency::Serial }
    }
}

struct Cluster {
    session: scylla::client::session::Session,
    prepared: Mutex<HashMap<String, PreparedStatement>>,
}

/// Owns the threads on which everything of it runs.
pub struct Session {
    runtime: Runtime,
    cluster: Arc<Cluster>,
}

impl Session {
    /// Blocks; not for a thread of a runtime.
    pub fn connect(address: &Address) -> Result<Self, Failure> {
        let unavailable = |error: std::io::Error| Failure::new(UNAVAILABLE, format!("no threads for the driver: {error}"));
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(address.threads.clamp(1, 64)).thread_name("cassandra").enable_all();
        let runtime = builder.build().map_err(unavailable)?;
        let mut policy = DefaultPolicy::builder();
        if !address.local_datacenter.is_empty() {
            policy = policy.prefer_datacenter(address.local_datacenter.clone());
        }
        let profile = ExecutionProfile::builder()
            .request_timeout(Some(address.request_timeout))
            .load_balancing_policy(policy.build())
            .build();
        let points: Vec<&str> = address.contact_points.split(',').map(str::trim).filter(|point| !point.is_empty()).collect();
        let mut session = SessionBuilder::new()
            .known_nodes(points)
            .connection_timeout(address.connect_timeout)
            .tcp_nodelay(true)
            .default_execution_profile_handle(profile.into_handle());
        if let Some((user, password)) = &address.login {
            session = session.user(user, password);
        }
        let limit = address.connect_timeout * 2;
        let connected = runtime.block_on(async { tokio::time::timeout(limit, session.build()).await });
        let session = connected.map_err(|_| Failure::new(UNAVAILABLE, format!("no answer within {} ms", limit.as_millis())))??;
        Ok(Session { runtime, cluster: Arc::new(Cluster { session, prepared: Mutex::new(HashMap::new()) }) })
    }

    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }

    pub fn execute(&self, statement: Statement, options: Options) -> impl Future<Output = Result<Reply, Failure>> + Send + 'static {
        let cluster = self.cluster.clone();
        async move { cluster.execute(statement, options).await }
    }

    pub fn use_keyspace(&self, name: String) -> impl Future<Output = Result<Reply, Failure>> + Send + 'static {
        let cluster = self.cluster.clone();
        async move {
            let used = cluster.session.use_keyspace(name, false).await;
            used.map(|()| Reply::default()).map_err(|error| Failure::new(UNAVAILABLE, error.to_string()))
        }
    }

    pub fn define(&self, text: String) -> impl Future<Output = Result<Reply, Failure>> + Send + 'static {
        let cluster = self.cluster.clone();
        async move {
            let mut statement = scylla::statement::Statement::new(text);
            statement.set_request_timeout(Some(Duration::from_secs(60)));
            let result = cluster.session.query_unpaged(statement, ()).await?;
            cluster.session.await_schema_agreement().await.map_err(|error| Failure::new(UNAVAILABLE, error.to_string()))?;
            Reply::of_rows(result, Vec::new())
        }
    }

    pub fn batch(&self, statements: Vec<Statement>, options: Options) -> impl Future<Output = Result<Reply, Failure>> + Send + 'static {
        let cluster = self.cluster.clone();
        async move { cluster.batch(statements, options).await }
    }

    pub fn close(self) {
        let Session { runtime, cluster } = self;
        drop(cluster);
        runtime.shutdown_timeout(Duration::from_secs(5));
    }
}

impl Cluster {
    async fn prepare(&self, text: &str) -> Result<PreparedStatement, Failure> {
        let known = self.prepared.lock().ok().and_then(|prepared| prepared.get(text).cloned());
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.session.prepare(text).await?;
        if let Ok(mut prepared) = self.prepared.lock() {
            prepared.insert(text.to_owned(), statement.clone());
        }
        Ok(statement)
    }

    async fn execute(&self, statement: Statement, options: Options) -> Result<Reply, Failure> {
        let mut prepared = self.prepare(&statement.text).await?;
        prepared.set_consistency(options.consistency);
        prepared.set_serial_consistency(Some(options.serial_consistency));
        prepared.set_is_idempotent(options.idempotent);
        if options.page_size <= 0 {
            return Reply::of_rows(self.session.execute_unpaged(&prepared, statement.values).await?, Vec::new());
        }
        prepared.set_page_size(options.page_size);
        let from = options.page_state.map_or_else(PagingState::start, PagingState::new_from_raw_bytes);
        let (result, rest) = self.session.execute_single_page(&prepared, statement.values, from).await?;
        let state = match rest {
            PagingStateResponse::HasMorePages { state } => state.as_bytes_slice().map(|bytes| bytes.to_vec()),
            PagingStateResponse::NoMorePages => None,
        };
        Reply::of_rows(result, state.unwrap_or_default())
    }

    async fn batch(&self, statements: Vec<Statement>, options: Options) -> Result<Reply, Failure> {
        let mut batch = Batch::new(BatchType::Logged);
        batch.set_consistency(options.consistency);
        batch.set_serial_consistency(Some(options.serial_consistency));
        batch.set_is_idempotent(options.idempotent);
        let mut values = Vec::with_capacity(statements.len());
        for statement in statements {
            batch.append_statement(self.prepare(&statement.text).await?);
            values.push(statement.values);
        }
        Reply::of_rows(self.session.batch(&batch, values).await?, Vec::new())
    }
}
