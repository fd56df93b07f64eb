package pgtest

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// hasten makes a throw-away cluster as quick as one may be that keeps nothing, and returns how it shall copy a template,
// as CREATE DATABASE is told.
func hasten(ctx context.Context, dsn string) (string, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return "", fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	secret, err := verifier(conn.Config().Password)
	if err != nil {
		return "", fmt.Errorf("derive the verifier: %w", err)
	}
	if _, err := conn.Exec(ctx, "ALTER ROLE CURRENT_USER PASSWORD '"+secret+"'"); err != nil {
		return "", fmt.Errorf("store the verifier: %w", err)
	}
	// File by file, as versions before 15 do unasked: where nothing is synced to a disk, that takes a third of what it takes
	// to write each page to the log.
	var files bool
	if err := conn.QueryRow(ctx, `select current_setting('server_version_num')::int >= 150000`).Scan(&files); err != nil {
		return "", fmt.Errorf("ask for the version: %w", err)
	}
	if files {
		return " STRATEGY FILE_COPY", nil
	}
	return "", nil
}

// verifier is what Postgres keeps of a password (RFC 5803), derived in one round in place of 4096: a password that was
// drawn cannot be guessed, and the tests open thousands of connections, each of which goes through all rounds on both sides.
func verifier(password string) (string, error) {
	salt := []byte(rand.Text())
	salted, err := pbkdf2.Key(sha256.New, password, salt, 1, sha256.Size)
	if err != nil {
		return "", err
	}
	mac := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$1:%s$%s:%s", b64(salt), b64(stored[:]), b64(mac("Server Key"))), nil
}
