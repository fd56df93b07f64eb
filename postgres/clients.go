package postgres

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"duradesk/ticket"
)

// FoldAddress writes a mail address the one way by which it is compared.
func FoldAddress(address string) string {
	return norm.NFC.String(strings.ToLower(norm.NFC.String(strings.TrimSpace(address))))
}

// FoldPhone keeps the digits of a phone number, full-width ones too.
func FoldPhone(phone string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, norm.NFKC.String(phone))
}

func foldNumber(number string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimFunc(number, unicode.IsSpace)))
}

// identity is one thing by which a client is known.
type identity struct{ kind, value string }

// identities lists what a client is known by, the surest first.
func identities(c ticket.Client) []identity {
	all := []identity{{"number", foldNumber(c.Number)}, {"mail", FoldAddress(c.Email)}, {"phone", FoldPhone(c.Phone)}}
	return slices.DeleteFunc(all, func(i identity) bool { return i.value == "" })
}

// ClientByMail returns whose address that is; ticket.NotFound where nobody's.
func (s *Store) ClientByMail(ctx context.Context, tx pgx.Tx, address string) (ticket.Client, error) {
	var c ticket.Client
	err := tx.QueryRow(ctx, `
		select c.id, c.name, coalesce(c.email, ''), coalesce(c.phone, ''), coalesce(c.number, ''), c.access
		from identities i join clients c on c.id = i.client where i.kind = 'mail' and i.value = $1`, FoldAddress(address)).
		Scan(&c.ID, &c.Name, &c.Email, &c.Phone, &c.Number, &c.Access)
	if noRows(err) {
		return ticket.Client{}, notFound("no client has that address")
	}
	if err != nil {
		return ticket.Client{}, fmt.Errorf("look up a client: %w", err)
	}
	return c, nil
}

// EnsureClient finds who that is, by id, customer number, mail address or phone number, in this order, or makes a new
// client; identities that are new become his, those of somebody else stay with him. An unknown id is ticket.Invalid.
//
// It needs READ COMMITTED. Two transactions that meet the same new address get the same client: the later one waits
// for the earlier one's end at the identity's primary key. Identities are laid in one order everywhere, so these waits
// cannot form a ring with each other; nor with the lock of a ticket, as long as a transaction takes that first and
// calls this once.
func (s *Store) EnsureClient(ctx context.Context, tx pgx.Tx, c ticket.Client) (string, error) {
	known := identities(c)
	for range 10 {
		id, err := findClient(ctx, tx, c.ID, known)
		if err != nil {
			return "", fmt.Errorf("find a client: %w", err)
		}
		if id != "" {
			return id, greetClient(ctx, tx, id, c, known)
		}
		id, made, err := newClient(ctx, tx, c, known)
		if err != nil {
			return "", fmt.Errorf("make a client: %w", err)
		}
		if made {
			return id, nil
		}
		// Somebody else laid one of the identities meanwhile, and has committed: now it is found.
	}
	return "", fmt.Errorf("make a client: its identities change hands all the time, or the transaction is not READ COMMITTED")
}

// findClient returns "" where nobody is known by that.
func findClient(ctx context.Context, tx pgx.Tx, id string, known []identity) (string, error) {
	if id != "" {
		var exists bool
		if err := tx.QueryRow(ctx, `select exists (select from clients where id = $1)`, id).Scan(&exists); err != nil {
			return "", err
		}
		if !exists {
			return "", invalid("/client/id", "there is no client %q", id)
		}
		return id, nil
	}
	owners, err := identityOwners(ctx, tx, known)
	if err != nil {
		return "", err
	}
	for _, i := range known {
		if owner := owners[i]; owner != "" {
			return owner, nil
		}
	}
	return "", nil
}

func identityOwners(ctx context.Context, tx pgx.Tx, known []identity) (map[identity]string, error) {
	owners := map[identity]string{}
	if len(known) == 0 {
		return owners, nil
	}
	kinds, values := columns(known)
	rows, err := tx.Query(ctx, `
		select kind, value, client from identities join unnest($1::text[], $2::text[]) as wanted (kind, value) using (kind, value)`, kinds, values)
	if err != nil {
		return nil, err
	}
	var i identity
	var client string
	_, err = pgx.ForEachRow(rows, []any{&i.kind, &i.value, &client}, func() error {
		owners[i] = client
		return nil
	})
	return owners, err
}

// greetClient gives a known client the identities that nobody has yet, and notes his address and phone number as he
// writes them now. A name that is there stays: people mend names, mails spoil them.
func greetClient(ctx context.Context, tx pgx.Tx, id string, c ticket.Client, known []identity) error {
	if err := layIdentities(ctx, tx, id, known); err != nil {
		return fmt.Errorf("add to client %s: %w", id, err)
	}
	_, err := tx.Exec(ctx, `
		with own as (select kind from identities where client = $1 and (kind, value) in (('mail', $5), ('phone', $6), ('number', $7))),
		said as (select
			case when exists (select from own where kind = 'mail') then $2 end as email,
			case when exists (select from own where kind = 'phone') then $3 end as phone,
			case when exists (select from own where kind = 'number') then $4 end as number)
		update clients c set name = case when c.name = '' then $8 else c.name end,
			email = coalesce(s.email, c.email), phone = coalesce(s.phone, c.phone), number = coalesce(c.number, s.number)
		from said s
		where c.id = $1 and (c.name = '' and $8 <> '' or s.email <> coalesce(c.email, '') or s.phone <> coalesce(c.phone, '') or s.number is not null and c.number is null)`,
		id, strings.TrimSpace(c.Email), c.Phone, c.Number, FoldAddress(c.Email), FoldPhone(c.Phone), foldNumber(c.Number), c.Name)
	if err != nil {
		return fmt.Errorf("update client %s: %w", id, err)
	}
	return nil
}

// newClient makes a client with all of his identities, or leaves no trace where one of them was taken meanwhile.
func newClient(ctx context.Context, tx pgx.Tx, c ticket.Client, known []identity) (id string, made bool, err error) {
	if id, err = clientID(); err != nil {
		return "", false, err
	}
	attempt, err := tx.Begin(ctx) // a savepoint
	if err != nil {
		return "", false, err
	}
	defer attempt.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit it does nothing
	_, err = attempt.Exec(ctx, `insert into clients (id, name, email, phone, number, access) values ($1, $2, nullif($3, ''), nullif($4, ''), nullif($5, ''), $6)`,
		id, c.Name, strings.TrimSpace(c.Email), c.Phone, c.Number, cmp.Or(c.Access, "none"))
	if err != nil {
		return "", false, err
	}
	if err := layIdentities(ctx, attempt, id, known); err != nil {
		return "", false, err
	}
	owners, err := identityOwners(ctx, attempt, known)
	if err != nil {
		return "", false, err
	}
	for _, i := range known {
		if owners[i] != id {
			return "", false, nil
		}
	}
	return id, true, attempt.Commit(ctx)
}

// layIdentities gives those that are free to a client, in the one order that every transaction keeps.
func layIdentities(ctx context.Context, tx pgx.Tx, client string, known []identity) error {
	if len(known) == 0 {
		return nil
	}
	sorted := slices.SortedFunc(slices.Values(known), func(a, b identity) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.value, b.value))
	})
	kinds, values := columns(sorted)
	_, err := tx.Exec(ctx, `
		insert into identities (kind, value, client)
		select kind, value, $3 from unnest($1::text[], $2::text[]) with ordinality as wanted (kind, value, place) order by place
		on conflict do nothing`, kinds, values, client)
	return err
}

func columns(known []identity) (kinds, values []string) {
	for _, i := range known {
		kinds, values = append(kinds, i.kind), append(values, i.value)
	}
	return kinds, values
}

// crockford has no i, l, o, u: ids are read out on the phone.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// clientID makes c_ and 26 letters, sorted by the time of making.
func clientID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("name a client: %w", err)
	}
	high, low := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	var letters [26]byte
	for i := len(letters) - 1; i >= 0; i-- {
		letters[i] = crockford[low&31]
		high, low = high>>5, low>>5|high<<59
	}
	return "c_" + string(letters[:]), nil
}
