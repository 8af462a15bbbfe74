-- What every write of a person and every tick change: a lock holds at one node of a Galera cluster, a changed row at all.
CREATE TABLE IF NOT EXISTS locks (
    user_id BINARY(16)      NOT NULL,
    writes  BIGINT UNSIGNED NOT NULL DEFAULT 1,
    PRIMARY KEY (user_id),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
