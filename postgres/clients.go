package postgres

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
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
	all := []identity{{"external", c.External}, {"number", foldNumber(c.Number)}, {"mail", FoldAddress(c.Email)}, {"phone", FoldPhone(c.Phone)}}
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
// client; identities that are new become his, those of somebody else stay with him. An unknown id or kind of access is
// ticket.Invalid.
//
// It needs READ COMMITTED. Two transactions that meet the same new address get the same client: the later one waits
// for the earlier one's end at the identity's primary key. Identities are laid in one order everywhere and before the
// client's own row is touched, so these waits cannot form a ring with each other; nor with the lock of a ticket, as
// long as a transaction takes that first and calls this once.
func (s *Store) EnsureClient(ctx context.Context, tx pgx.Tx, c ticket.Client) (string, error) {
	c.Name, c.Email, c.Phone, c.Number = clean(c.Name), strings.TrimSpace(clean(c.Email)), clean(c.Phone), clean(c.Number)
	if c.Access = cmp.Or(c.Access, "none"); !slices.Contains(accessKinds, c.Access) {
		return "", invalid("/client/access", "%q is not a kind of access; use one of %s", c.Access, strings.Join(accessKinds, ", "))
	}
	known := identities(c)
	for range 10 {
		owners, err := identityOwners(ctx, tx, c.ID, known)
		if err != nil {
			return "", fmt.Errorf("find a client: %w", err)
		}
		found, err := choose(owners, c.ID, known)
		if err != nil {
			return "", err
		}
		if found.ID != "" {
			return found.ID, greetClient(ctx, tx, found, c, known, owners)
		}
		id, err := newClient(ctx, tx, c, known)
		if id != "" || err != nil {
			return id, err
		}
		// Somebody else has laid one of the identities meanwhile, and committed: now it is found.
	}
	return "", errors.New("make a client: his identities change hands all the time, or the transaction is not READ COMMITTED")
}

var accessKinds = []string{"none", "portal", "full"}

// byID stands for being known by one's id.
const byID = "id"

// identityOwners tells who has which of some identities, and who has the id.
func identityOwners(ctx context.Context, tx pgx.Tx, id string, known []identity) (map[identity]ticket.Client, error) {
	owners := map[identity]ticket.Client{}
	kinds, values := columns(known)
	rows, err := tx.Query(ctx, `
		select w.kind, w.value, c.id, c.name, coalesce(c.email, ''), coalesce(c.phone, ''), coalesce(c.number, '')
		from unnest($1::text[], $2::text[]) as w (kind, value) join identities i using (kind, value) join clients c on c.id = i.client
		union all
		select '`+byID+`', f.id, c.id, c.name, coalesce(c.email, ''), coalesce(c.phone, ''), coalesce(c.number, '')
		from clients f join clients c on c.id = coalesce(f.merged_into, f.id) where f.id = $3`, kinds, values, id)
	if err != nil {
		return nil, err
	}
	var i identity
	var c ticket.Client
	_, err = pgx.ForEachRow(rows, []any{&i.kind, &i.value, &c.ID, &c.Name, &c.Email, &c.Phone, &c.Number}, func() error {
		owners[i] = c
		return nil
	})
	return owners, err
}

// choose returns no client where nobody is known by any of that.
func choose(owners map[identity]ticket.Client, id string, known []identity) (ticket.Client, error) {
	if id != "" {
		c, exists := owners[identity{byID, id}]
		if !exists {
			return c, invalid("/client/id", "there is no client %q", id)
		}
		return c, nil
	}
	for _, i := range known {
		if c, owned := owners[i]; owned {
			return c, nil
		}
	}
	return ticket.Client{}, nil
}

// greetClient gives a known client the identities that nobody has yet, and notes his address and phone number as he
// writes them now. A name that is there stays: people mend names, mails spoil them.
func greetClient(ctx context.Context, tx pgx.Tx, found, c ticket.Client, known []identity, owners map[identity]ticket.Client) error {
	free := slices.DeleteFunc(slices.Clone(known), func(i identity) bool { return owners[i].ID != "" })
	if len(free) > 0 {
		kinds, values := columns(inOrder(free))
		if _, err := tx.Exec(ctx, layIdentities, kinds, values, found.ID); err != nil {
			return fmt.Errorf("add to client %s: %w", found.ID, err)
		}
		var err error
		if owners, err = identityOwners(ctx, tx, "", known); err != nil {
			return fmt.Errorf("add to client %s: %w", found.ID, err)
		}
	}
	now := found
	now.Name = cmp.Or(now.Name, c.Name)
	for _, i := range known {
		switch {
		case owners[i].ID != found.ID: // somebody else's: whatever this client writes, it is not his
		case i.kind == "mail" && FoldAddress(found.Email) != i.value: // not for a capital letter
			now.Email = c.Email
		case i.kind == "phone" && FoldPhone(found.Phone) != i.value:
			now.Phone = c.Phone
		case i.kind == "number":
			now.Number = cmp.Or(now.Number, c.Number)
		}
	}
	if now == found && len(free) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `update clients set name = $2, email = nullif($3, ''), phone = nullif($4, ''), number = nullif($5, '') where id = $1`,
		found.ID, now.Name, now.Email, now.Phone, now.Number)
	if err != nil {
		return fmt.Errorf("update client %s: %w", found.ID, err)
	}
	return rewordClient(ctx, tx, found.ID)
}

// Identities that are free become a client's, in the one order that every transaction keeps ($1 and $2 are sorted).
const layIdentities = `
	insert into identities (kind, value, client)
	select kind, value, $3 from unnest($1::text[], $2::text[]) with ordinality as w (kind, value, place) order by place
	on conflict do nothing`

// newClient makes a client with all of his identities; "" where one of them was taken meanwhile, and then it leaves no
// trace.
func newClient(ctx context.Context, tx pgx.Tx, c ticket.Client, known []identity) (string, error) {
	id, err := clientID()
	if err != nil {
		return "", err
	}
	kinds, values := columns(inOrder(known))
	tag, err := tx.Exec(ctx, `
		with made as (
			insert into clients (id, name, email, phone, number, access, words) values ($3, $4, nullif($5, ''), nullif($6, ''), nullif($7, ''), $8, array_to_tsvector($9::text[])))`+layIdentities,
		kinds, values, id, c.Name, c.Email, c.Phone, c.Number, c.Access, clientWords(c.Name, known, c.Email, c.Phone, c.Number))
	if err != nil {
		return "", fmt.Errorf("make a client: %w", err)
	}
	if int(tag.RowsAffected()) == len(known) {
		return id, nil
	}
	_, err = tx.Exec(ctx, `with mine as (delete from identities where client = $1) delete from clients where id = $1`, id)
	if err != nil {
		return "", fmt.Errorf("take a doubled client back: %w", err)
	}
	return "", nil
}

func inOrder(known []identity) []identity {
	return slices.SortedFunc(slices.Values(known), func(a, b identity) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.value, b.value))
	})
}

func columns(known []identity) (kinds, values []string) {
	kinds, values = []string{}, []string{} // not nil, which would be NULL
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
