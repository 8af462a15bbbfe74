-- An open session. The token itself is only in the person's browser.
CREATE TABLE sessions (
    user_id      BINARY(16)  NOT NULL,
    id           BINARY(16)  NOT NULL,
    token_hash   BINARY(32)  NOT NULL,
    created_at   DATETIME(6) NOT NULL,
    last_used_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, id),
    UNIQUE KEY one_session_a_token (token_hash),
    KEY by_last_use (last_used_at),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
