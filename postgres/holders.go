package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Holder is whose a session or a token is: a member of staff, or a client (who then has an id).
type Holder struct {
	Person Person
	Client ticket.Client
}

// holderColumns, holderJoins and holderComesIn read the holder of a relation with the columns agent and client. Who was
// shut out, or has no access, holds nothing.
const (
	holderColumns = `coalesce(a.key, ''), coalesce(a.name, ''), coalesce(a.email, ''), coalesce(a.role, ''), coalesce(a.language, ''),
	array(select group_key from agent_groups g where g.agent = a.key order by group_key),
	array(select desk from agent_desks d where d.agent = a.key order by desk), coalesce(a.zone, ''), coalesce(a.theme, ''), coalesce(a.keys_off, false),
	coalesce(c.id, ''), coalesce(c.name, ''), coalesce(c.email, ''), coalesce(c.access, ''), coalesce(c.language, '')`
	holderComesIn = `(a.key is not null and a.disabled_at is null or c.id is not null and c.access <> 'none')`
)

func holderJoins(of string) string {
	return `left join agents a on a.key = ` + of + `.agent left join clients c on c.id = ` + of + `.client`
}

type holderRow struct {
	Holder
	role, language string
}

func (h *holderRow) fields() []any {
	p, c := &h.Person, &h.Client
	return []any{&p.Key, &p.Name, &p.Email, &h.role, &p.Language, &p.Groups, &p.Desks, &p.Zone, &p.Theme, &p.KeysOff, &c.ID, &c.Name, &c.Email, &c.Access, &h.language}
}

func (h *holderRow) holder() (Holder, error) {
	if h.Person.Key == "" {
		h.Person = Person{Name: h.Client.Name, Email: h.Client.Email, Language: h.language}
		return h.Holder, nil
	}
	var err error
	if h.Person.Role, err = ticket.ParseRole(h.role); err != nil {
		return Holder{}, fmt.Errorf("agent %s: %w", h.Person.Key, err)
	}
	return h.Holder, nil
}

// Together reports whether two clients belong to one organisation.
func (s *Store) Together(ctx context.Context, one, other string) (bool, error) {
	var together bool
	err := s.pool.QueryRow(ctx, `select exists (select from clients a join clients b using (organisation) where a.id = $1 and b.id = $2)`, one, other).Scan(&together)
	if err != nil {
		return false, fmt.Errorf("look up who belongs together: %w", err)
	}
	return together, nil
}

const clientColumns = `c.id, c.name, coalesce(c.email, ''), coalesce(c.phone, ''), coalesce(c.number, ''), c.access`

func clientFields(c *ticket.Client) []any {
	return []any{&c.ID, &c.Name, &c.Email, &c.Phone, &c.Number, &c.Access}
}

// Client returns one by his id; ticket.NotFound where there is none.
func (s *Store) Client(ctx context.Context, id string) (ticket.Client, error) {
	var c ticket.Client
	if !readable(id) {
		return c, notFound("there is no client %q", id)
	}
	err := s.pool.QueryRow(ctx, `select `+clientColumns+` from clients c where c.id = $1`, id).Scan(clientFields(&c)...)
	if noRows(err) {
		return ticket.Client{}, notFound("there is no client %q", id)
	}
	if err != nil {
		return ticket.Client{}, fmt.Errorf("read client %s: %w", id, err)
	}
	return c, nil
}

// ClientOf returns whose mail address that is; ticket.NotFound where nobody's.
func (s *Store) ClientOf(ctx context.Context, address string) (c ticket.Client, err error) {
	if !readable(address) {
		return c, notFound("no client has that address")
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		c, err = s.ClientByMail(ctx, tx, address)
		return err
	})
	return c, err
}

// SetAccess decides what a client may open, and to which organisation he belongs ("": to none). Without access his
// sessions and tokens end.
func (s *Store) SetAccess(ctx context.Context, id, access, organisation string) (ticket.Client, error) {
	if !slices.Contains(accessKinds, access) {
		return ticket.Client{}, invalid("/access", "%q is not a kind of access; use one of %s", access, strings.Join(accessKinds, ", "))
	}
	var c ticket.Client
	err := s.change(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `update clients c set access = $2, organisation = nullif($3, '') where c.id = $1 returning `+clientColumns,
			clean(id), access, clean(organisation)).Scan(clientFields(&c)...)
		if noRows(err) {
			return notFound("there is no client %q", id)
		}
		if err != nil || access != accessKinds[0] {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from sessions where client = $1`, c.ID); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `delete from tokens where client = $1`, c.ID)
		return err
	})
	if err != nil {
		return ticket.Client{}, fmt.Errorf("set what client %s may open: %w", id, err)
	}
	return c, nil
}
