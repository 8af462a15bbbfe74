-- Who a person is at a provider. Bytes, not text: collations hold 'sub', 'sub ' and 'SUB' to be equal.
CREATE TABLE identities (
    user_id    BINARY(16)     NOT NULL,
    id         BINARY(16)     NOT NULL,
    issuer     VARBINARY(255) NOT NULL,
    subject    VARBINARY(255) NOT NULL,
    created_at DATETIME(6)    NOT NULL,
    PRIMARY KEY (user_id, id),
    UNIQUE KEY one_person_an_identity (issuer, subject),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
