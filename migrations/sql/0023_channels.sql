-- Where a person's notifications go. A push service's address belongs to one account at a time. What opens a channel
-- (`p256dh`, `auth`, `secret`) is never told again.
CREATE TABLE IF NOT EXISTS channels (
    user_id       BINARY(16)      NOT NULL,
    id            BINARY(16)      NOT NULL,
    kind          ENUM ('push', 'webhook', 'ntfy') NOT NULL,
    url           VARBINARY(2048) NOT NULL,
    url_hash      BINARY(32)      NULL,
    p256dh        VARBINARY(65)   NULL,
    auth          VARBINARY(16)   NULL,
    secret        VARBINARY(512)  NULL,
    label         VARCHAR(50)     NULL,
    milestones    BOOLEAN         NOT NULL,
    created_at    DATETIME(6)     NOT NULL,
    failing_since DATETIME(6)     NULL,
    off_since     DATETIME(6)     NULL,
    PRIMARY KEY (user_id, id),
    UNIQUE KEY one_account_a_browser (url_hash),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
