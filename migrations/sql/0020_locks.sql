-- What every write of a person and every tick change: a lock holds at one node of a Galera cluster, a changed row at all.
-- `records` is how many records the person had when they were counted last, `counted` what `writes` was then.
CREATE TABLE IF NOT EXISTS locks (
    user_id BINARY(16)      NOT NULL,
    writes  BIGINT UNSIGNED NOT NULL DEFAULT 1,
    records BIGINT UNSIGNED NOT NULL DEFAULT 0,
    counted BIGINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
