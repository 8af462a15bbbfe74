-- Slips that were made under an Idempotency-Key. They are remembered longer than the slip: a request that is sent once more
-- does not bring back what was taken back. The tick deletes old ones.
CREATE TABLE IF NOT EXISTS slip_keys (
    user_id BINARY(16)  NOT NULL,
    slip_id BINARY(16)  NOT NULL,
    made_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, slip_id),
    KEY by_age (made_at),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
