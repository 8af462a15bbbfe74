-- A sign-in on its way, for ten minutes: what the callback must match. Nobody's data yet.
CREATE TABLE sign_in_attempts (
    state_hash   BINARY(32)   NOT NULL,
    binding_hash BINARY(32)   NOT NULL,
    provider     VARCHAR(20)  NOT NULL,
    nonce        VARBINARY(64)  NOT NULL,
    verifier     VARBINARY(128) NOT NULL,
    return_to    VARCHAR(200) NOT NULL,
    time_zone    VARCHAR(64)  NOT NULL,
    locale       ENUM ('ko', 'en') NOT NULL,
    expires_at   DATETIME(6)  NOT NULL,
    consumed_at  DATETIME(6)  NULL,
    PRIMARY KEY (state_hash),
    KEY by_expiry (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
