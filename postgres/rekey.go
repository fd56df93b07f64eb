package postgres

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// sealedColumn is a place where sealed secrets stand, and the context that each was sealed for, made of its row's owner.
type sealedColumn struct {
	table, key, owner, column string
	context                   func(owner string) string
}

// sealedColumns are all of them but the proof of the key, which comes last: it says that all others are done. A test
// compares them with the schema.
var sealedColumns = []sealedColumn{
	{"mailboxes", "id", "address", "secret", sealContext},
	{"mailboxes", "id", "address", "token_secret", clientContext},
	{"mailboxes", "id", "address", "token_refresh", refreshContext},
	{"mailboxes", "id", "address", "token_access", accessContext},
	{"mailboxes", "id", "address", "dkim_key", func(address string) string { return "mailbox dkim " + address }},
	{"agents", "key", "key", "totp_secret", factorContext},
	{"oidc_flows", "state", "nonce", "verifier", func(string) string { return flowContext }},
	{"webhooks", "id", "id", "secret", hookContext},
	{"webhooks", "id", "id", "old_secret", hookContext},
	{"channels", "id", "id", "secret", channelContext},
	{"channels", "id", "id", "old_secret", channelContext},
}

// Resealed is what a change of the secret key did.
type Resealed struct {
	Done int
	// Shut names what none of the known keys opens: it stays as it is, and has to be entered again.
	Shut []string
}

// Reseal seals anew, with the first of the sealer's keys, what a former one had sealed. Each secret is a change of its
// own, made only while the sealed one is still the one that was read: it may be broken off at any point, run again,
// and run beside working processes that know both keys. The proof of the key follows when nothing is left.
func (s *Store) Reseal(ctx context.Context) (Resealed, error) {
	var out Resealed
	for _, c := range sealedColumns {
		if err := s.resealColumn(ctx, c, &out); err != nil {
			return out, fmt.Errorf("seal %s of %s anew: %w", c.column, c.table, err)
		}
	}
	if len(out.Shut) > 0 {
		return out, nil
	}
	return out, s.resealProof(ctx)
}

func (s *Store) resealColumn(ctx context.Context, c sealedColumn, out *Resealed) error {
	type found struct {
		key, owner string
		sealed     []byte
	}
	rows, err := s.pool.Query(ctx, fmt.Sprintf(`select %[1]s::text, %[2]s::text, %[3]s from %[4]s where %[5]s order by %[1]s`,
		c.key, c.owner, c.column, c.table, c.sealedByAnother()), s.sealer.id[:])
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (f found, err error) { return f, r.Scan(&f.key, &f.owner, &f.sealed) })
	if err != nil {
		return err
	}
	for _, f := range list {
		plain, err := s.sealer.Open(f.sealed, c.context(f.owner))
		if err != nil {
			out.Shut = append(out.Shut, c.table+" "+f.key+": "+c.column)
			continue
		}
		anew, err := s.sealer.Seal(plain, c.context(f.owner))
		if err != nil {
			return err
		}
		// Who wrote in between sealed with a key of his own: that is found at the next run.
		tag, err := s.pool.Exec(ctx, fmt.Sprintf(`update %s set %s = $3 where %s::text = $1 and %[2]s = $2`, c.table, c.column, c.key), f.key, f.sealed, anew)
		if err != nil {
			return err
		}
		out.Done += int(tag.RowsAffected())
	}
	return nil
}

// sealedByAnother finds rows by the key's id, which stands behind the first byte of what is sealed.
func (c sealedColumn) sealedByAnother() string {
	return fmt.Sprintf(`substring(%s from 2 for %d) <> $1`, c.column, keyIDSize)
}

// resealProof replaces the proof of the key where it is a former one's; where there is none a worker makes it.
func (s *Store) resealProof(ctx context.Context) error {
	known, err := s.keyProof(ctx)
	if err != nil || known == nil || bytes.HasPrefix(known[1:], s.sealer.id[:]) {
		return err
	}
	if err := s.ProveKey(ctx, false); err != nil {
		return err
	}
	sealed, err := s.sealer.Seal([]byte(probeText), probeFact)
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `update facts set value = $2 where name = $1 and value = $3`, probeFact, hex.EncodeToString(sealed), hex.EncodeToString(known))
	if err != nil {
		return fmt.Errorf("keep a proof of the new secret key: %w", err)
	}
	return nil
}

// FormerlySealed counts the secrets that another key than the first one has sealed, the proof of the key among them.
func (s *Store) FormerlySealed(ctx context.Context) (int, error) {
	n := 0
	for _, c := range sealedColumns {
		var m int
		if err := s.pool.QueryRow(ctx, fmt.Sprintf(`select count(*) from %s where %s`, c.table, c.sealedByAnother()), s.sealer.id[:]).Scan(&m); err != nil {
			return 0, fmt.Errorf("count what a former key sealed: %w", err)
		}
		n += m
	}
	known, err := s.keyProof(ctx)
	if known != nil && !bytes.HasPrefix(known[1:], s.sealer.id[:]) {
		n++
	}
	return n, err
}
