package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes: the first two are the answer to the loser of two CREATE DATABASE at once.
const (
	duplicateDatabase = "42P04"
	uniqueViolation   = "23505"
	wrongPassword     = "28P01"
)

// Ready connects once and makes the cluster's database when it is not there yet. nil means that DSN can be used.
func (c *Cluster) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		return fmt.Errorf("connect to the private Postgres: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()

	var there bool
	const find = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	if err := conn.QueryRow(ctx, find, c.options.Database).Scan(&there); err != nil {
		return fmt.Errorf("look for database %s: %w", c.options.Database, err)
	}
	if there {
		return nil
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{c.options.Database}.Sanitize())
	var refused *pgconn.PgError
	if errors.As(err, &refused) && (refused.Code == duplicateDatabase || refused.Code == uniqueViolation) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make database %s: %w", c.options.Database, err)
	}
	return nil
}

// waitReady asks until the server answers, the server ends or ctx does.
func (c *Cluster) waitReady(ctx context.Context) error {
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.Ready(ctx)
		if err == nil {
			return nil
		}
		strange := isWrongPassword(err)
		if strange {
			tick.Reset(time.Second) // it may be another server; then ours cannot take the port, and ends
		}
		select {
		case <-tick.C:
			if strange {
				return fmt.Errorf("the password kept in %s is not the cluster's: %w", c.options.Dir, err)
			}
		case <-c.process.Done():
			return fmt.Errorf("Postgres ended while starting (%w); it said:\n%s", c.process.Err(), c.log.String())
		case <-ctx.Done():
			return fmt.Errorf("wait for Postgres to answer (%w): %w", ctx.Err(), err)
		}
	}
}

func isWrongPassword(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == wrongPassword
}
