-- A key of a person's for their scripts. The token itself was shown once, when it was made.
CREATE TABLE api_tokens (
    user_id      BINARY(16)  NOT NULL,
    id           BINARY(16)  NOT NULL,
    name         VARCHAR(50) NOT NULL,
    scope        ENUM ('read', 'write') NOT NULL,
    token_hash   BINARY(32)  NOT NULL,
    created_at   DATETIME(6) NOT NULL,
    last_used_at DATETIME(6) NULL,
    PRIMARY KEY (user_id, id),
    UNIQUE KEY one_key_a_token (token_hash),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
