package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/find"
	"duradesk/ticket"
)

// ClientFile is what the desk knows of a client.
type ClientFile struct {
	ticket.Client
	Organisation string // whose tickets he sees with full access; "": none
	Language     string
	Notes        string // for colleagues
	Identities   []Identity
	MergedInto   string // id of the file that this one went into
	Tickets      int    // in the desks asked for, at most CountCap
	CreatedAt    time.Time
}

// Identity is one thing by which a client is known. Kind: mail, phone, number, external, login.
type Identity struct{ Kind, Value string }

const selectFile = `
	select c.id, c.name, coalesce(c.email, ''), coalesce(c.phone, ''), coalesce(c.number, ''), c.access, coalesce(c.organisation, ''), coalesce(c.language, ''), c.notes, coalesce(c.merged_into, ''), c.created_at,
		array(select kind || ' ' || value from identities i where i.client = c.id order by kind, value),
		(select count(*) from (select from tickets t where t.client = c.id and ($1::text[] is null or t.desk = any($1)) limit 1001) counted)
	from clients c `

// seen lets those files through that are a member's business: of clients with a ticket in his desks, or with none at all.
const seen = ` ($1::text[] is null or exists (select from tickets t where t.client = c.id and t.desk = any($1)) or not exists (select from tickets t where t.client = c.id))`

func scanFile(cr pgx.CollectableRow) (f ClientFile, err error) {
	var known []string
	err = cr.Scan(&f.ID, &f.Name, &f.Email, &f.Phone, &f.Number, &f.Access, &f.Organisation, &f.Language, &f.Notes, &f.MergedInto, &f.CreatedAt, &known, &f.Tickets)
	for _, k := range known {
		kind, value, _ := strings.Cut(k, " ")
		f.Identities = append(f.Identities, Identity{kind, value})
	}
	return f, err
}

// Clients lists files by name, from after an id on: those that hold all words of q, or the beginnings of them, in what
// the client is called or known by. desks are those of the asker, nil for all.
func (s *Store) Clients(ctx context.Context, q string, desks []string, after string, limit int) (files []ClientFile, next string, err error) {
	if !readable(q) || !readable(after) {
		return nil, "", invalid("q", "the text holds NUL or bytes that are not UTF-8: leave them out")
	}
	f := &filter{args: []any{desks}}
	f.conditions = append(f.conditions, seen, "c.merged_into is null")
	if terms := find.PrefixTerms(q); len(terms) > 0 {
		f.where("c.words @@ %s::text::tsquery", tsquery(terms))
	}
	if after != "" {
		f.where("c.id > %s", after)
	}
	rows, err := s.pool.Query(ctx, selectFile+"where "+f.sql()+" order by c.id limit "+f.arg(limit+1)+"::int", plannedForValues(f.args)...)
	if err != nil {
		return nil, "", fmt.Errorf("list clients: %w", err)
	}
	if files, err = pgx.CollectRows(rows, scanFile); err != nil {
		return nil, "", fmt.Errorf("list clients: %w", err)
	}
	if len(files) > limit {
		files = files[:limit]
		next = files[limit-1].ID
	}
	return files, next, nil
}

// ClientFile returns one file; ticket.NotFound where there is none that is the asker's business.
func (s *Store) ClientFile(ctx context.Context, id string, desks []string) (ClientFile, error) {
	if !readable(id) {
		return ClientFile{}, notFound("there is no such client")
	}
	rows, err := s.pool.Query(ctx, selectFile+`where c.id = $2 and`+seen, desks, id)
	if err != nil {
		return ClientFile{}, fmt.Errorf("read a client: %w", err)
	}
	f, err := pgx.CollectExactlyOneRow(rows, scanFile)
	if noRows(err) {
		return ClientFile{}, notFound("there is no client %q", id)
	}
	if err != nil {
		return ClientFile{}, fmt.Errorf("read a client: %w", err)
	}
	return f, nil
}

// ClientChange is what is changed of a file; nil leaves as it is. Identities replace all there are but mail addresses,
// phone and number that the file itself holds.
type ClientChange struct {
	Name, Email, Phone, Number, Language, Notes *string
	Identities                                  *[]Identity
}

// ChangeClient changes a file. What belongs to another client is a ticket.Conflict that names him: the two may be one. An
// address of one of our own mailboxes is ticket.Invalid.
func (s *Store) ChangeClient(ctx context.Context, id string, c ClientChange) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockAddresses); err != nil {
			return err
		}
		wanted, err := c.identities(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := c.refuseOurs(ctx, tx); err != nil {
			return err
		}
		if err := giveIdentities(ctx, tx, id, wanted, c.Identities != nil); err != nil {
			return err
		}
		done, err := tx.Exec(ctx, `update clients set name = coalesce($2, name), email = case when $3::text is null then email else nullif($3, '') end,
			phone = case when $4::text is null then phone else nullif($4, '') end, number = case when $5::text is null then number else nullif($5, '') end,
			language = case when $6::text is null then language else nullif($6, '') end, notes = coalesce($7, notes), changed_at = now()
			where id = $1 and merged_into is null`, id, cleaned(c.Name), cleaned(c.Email), cleaned(c.Phone), cleaned(c.Number), cleaned(c.Language), cleaned(c.Notes))
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return notFound("there is no client %q, or its file went into another one", id)
		}
		return rewordClient(ctx, tx, id)
	})
	if err != nil && ticket.CodeOf(err) == "" {
		return fmt.Errorf("change a client: %w", err)
	}
	return err
}

func cleaned(s *string) *string {
	if s == nil {
		return nil
	}
	out := clean(*s)
	return &out
}

// identities are those that the client must have after the change.
func (c ClientChange) identities(ctx context.Context, tx pgx.Tx, id string) ([]identity, error) {
	var now ticket.Client
	err := tx.QueryRow(ctx, `select coalesce(email, ''), coalesce(phone, ''), coalesce(number, '') from clients where id = $1 for no key update`, id).Scan(&now.Email, &now.Phone, &now.Number)
	if noRows(err) {
		return nil, notFound("there is no client %q", id)
	}
	if err != nil {
		return nil, err
	}
	for _, set := range []struct{ to, from *string }{{&now.Email, c.Email}, {&now.Phone, c.Phone}, {&now.Number, c.Number}} {
		if set.from != nil {
			*set.to = *set.from
		}
	}
	wanted := identities(now)
	if c.Identities != nil {
		for _, i := range *c.Identities {
			wanted = append(wanted, identity{i.Kind, foldIdentity(i.Kind, i.Value)})
		}
	}
	return slices.DeleteFunc(wanted, func(i identity) bool { return i.value == "" }), nil
}

// refuseOurs is ticket.Invalid where what is given of addresses holds one of our own mailboxes.
func (c ClientChange) refuseOurs(ctx context.Context, tx pgx.Tx) error {
	if c.Email != nil {
		if err := refuseOurs(ctx, tx, "/email", cleanAddress(*c.Email)); err != nil {
			return err
		}
	}
	if c.Identities == nil {
		return nil
	}
	for i, known := range *c.Identities {
		if known.Kind != "mail" {
			continue
		}
		if err := refuseOurs(ctx, tx, fmt.Sprintf("/identities/%d", i), cleanAddress(known.Value)); err != nil {
			return err
		}
	}
	return nil
}

func foldIdentity(kind, value string) string {
	switch kind {
	case "mail":
		return FoldAddress(clean(value))
	case "phone":
		return FoldPhone(clean(value))
	}
	return foldNumber(clean(value))
}

// giveIdentities lays those that are free; all is true where the others of this client go.
func giveIdentities(ctx context.Context, tx pgx.Tx, id string, wanted []identity, all bool) error {
	kinds, values := columns(inOrder(wanted))
	if all {
		if _, err := tx.Exec(ctx, `delete from identities where client = $1 and (kind, value) not in (select * from unnest($2::text[], $3::text[]))`, id, kinds, values); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, layIdentities, kinds, values, id); err != nil {
		return err
	}
	var kind, value, other string
	err := tx.QueryRow(ctx, `select i.kind, i.value, i.client from identities i join unnest($1::text[], $2::text[]) w (kind, value) using (kind, value) where i.client <> $3 limit 1`,
		kinds, values, id).Scan(&kind, &value, &other)
	if noRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return &ticket.Error{Code: ticket.Conflict, Key: "identity_taken", Message: fmt.Sprintf("%s %s belongs to client %s: merge the two files if they are one person", kind, value, other)}
}

// MergeClients puts one file into another: tickets and identities go along, and whoever asks for the old one is told where
// it went. What let the old one in ends. Its tickets are locked in the order of their numbers, before the files.
func (s *Store) MergeClients(ctx context.Context, from, into string) error {
	if from == into {
		return invalid("/into", "a file cannot go into itself")
	}
	err := s.change(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select number from tickets where client = $1 order by number for no key update`, from); err != nil {
			return err
		}
		var found int
		if err := tx.QueryRow(ctx, `select count(*) from (select from clients where id = any($1) and merged_into is null order by id for no key update) both_files`, []string{from, into}).Scan(&found); err != nil {
			return err
		}
		if found < 2 {
			return notFound("there is no such client, or its file went into another one")
		}
		for _, sql := range []string{
			`update tickets set client = $2 where client = $1`,
			`update identities set client = $2 where client = $1`,
			`update clients i set email = coalesce(i.email, f.email), phone = coalesce(i.phone, f.phone), number = coalesce(i.number, f.number),
				language = coalesce(i.language, f.language), notes = concat_ws(E'\n', nullif(i.notes, ''), nullif(f.notes, '')), changed_at = now()
				from clients f where f.id = $1 and i.id = $2`,
			`update clients set merged_into = $2, access = 'none', changed_at = now() where id = $1 or merged_into = $1`,
		} {
			if _, err := tx.Exec(ctx, sql, from, into); err != nil {
				return err
			}
		}
		for _, sql := range []string{`delete from sessions where client = $1`, `delete from tokens where client = $1`, `delete from one_time_links where client = $1`} {
			if _, err := tx.Exec(ctx, sql, from); err != nil {
				return err
			}
		}
		if err := rewordClient(ctx, tx, into); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update clients set words = ''::tsvector where id = $1`, from)
		return err
	})
	if err != nil && ticket.CodeOf(err) == "" {
		return fmt.Errorf("merge two client files: %w", err)
	}
	return err
}
