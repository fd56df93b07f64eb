package postgres

import (
	"context"
	"fmt"

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
	array(select desk from agent_desks d where d.agent = a.key order by desk), coalesce(a.zone, ''),
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
	return []any{&p.Key, &p.Name, &p.Email, &h.role, &p.Language, &p.Groups, &p.Desks, &p.Zone, &c.ID, &c.Name, &c.Email, &c.Access, &h.language}
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
