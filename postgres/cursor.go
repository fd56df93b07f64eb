package postgres

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// order is a way to sort a list: by an expression on tickets t, then by number, both in one direction.
type order struct {
	key        string // "" where the number alone decides
	descending bool
	of         func(place) string        // the key's value at a place, as cursors hold it
	value      func(string) (any, error) // the same, as an argument of the type below
	typ        string
}

var orders = map[string]order{
	"number":   {},
	"updated":  {key: "t.updated_at", typ: "timestamptz", value: instant, of: func(p place) string { return micros(&p.updated) }},
	"created":  {key: "t.created_at", typ: "timestamptz", value: instant, of: func(p place) string { return micros(&p.created) }},
	"priority": {key: "t.priority", typ: "smallint", value: small, of: func(p place) string { return strconv.Itoa(int(p.priority)) }},
	// What never falls due comes last.
	"next_due": {key: "coalesce(t.next_due_at, timestamptz 'infinity')", typ: "timestamptz", value: instant, of: func(p place) string { return micros(p.nextDue) }},
}

const defaultSort = "-updated"

func orderOf(sort string) (order, error) {
	if sort == "" {
		sort = defaultSort
	}
	name, descending := strings.CutPrefix(sort, "-")
	o, known := orders[name]
	if !known {
		return order{}, invalid("sort", "%q is not an order; use updated, created, number, priority or next_due, with - in front for descending", sort)
	}
	o.descending = descending
	return o, nil
}

func (o order) by() string {
	direction := ""
	if o.descending {
		direction = " desc"
	}
	if o.key == "" {
		return "t.number" + direction
	}
	return o.key + direction + ", t.number" + direction
}

// after lets only rows through that come after a position.
func (o order) after(f *filter, at position) {
	compare := ">"
	if o.descending {
		compare = "<"
	}
	if o.key == "" {
		f.where("t.number "+compare+" %s::bigint", at.number)
		return
	}
	f.where("("+o.key+", t.number) "+compare+" (%s::"+o.typ+", %s::bigint)", at.value, at.number)
}

// position is where a page ended.
type position struct {
	value  any
	number int64
}

// mark is a cursor's content. Hash binds it to its filter and order.
type mark struct {
	Hash   string `json:"h"`
	Key    string `json:"k,omitempty"`
	Number int64  `json:"n"`
}

func (o order) write(p place, hash string) string {
	m := mark{Hash: hash, Number: p.number}
	if o.of != nil {
		m.Key = o.of(p)
	}
	return pack(m)
}

func (o order) read(cursor, hash string) (position, error) {
	var m mark
	if err := unpack(cursor, &m); err != nil {
		return position{}, err
	}
	if m.Hash != hash {
		return position{}, invalid("cursor", "the cursor belongs to a list with another filter or order: start again without it")
	}
	at := position{number: m.Number}
	if o.value != nil {
		var err error
		if at.value, err = o.value(m.Key); err != nil {
			return position{}, errBadCursor
		}
	}
	return at, nil
}

var errBadCursor = invalid("cursor", "the cursor is not one of this list's: start again without it")

func pack(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only plain values are packed
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func unpack(cursor string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(b, v) != nil {
		return errBadCursor
	}
	return nil
}

// hashOf names everything about a query that decides which tickets it finds, and in which order.
func hashOf(q Query) (string, error) {
	q.Limit, q.Cursor = 0, ""
	if q.Sort == "" {
		q.Sort = defaultSort
	}
	where := ""
	if q.Where != nil {
		where = q.Where.String()
	}
	b, err := json.Marshal(struct {
		Query
		Where string
	}{q, where})
	if err != nil {
		return "", fmt.Errorf("hash a query: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8]), nil
}

const never = "never"

// micros writes an instant in the resolution of Postgres.
func micros(t *time.Time) string {
	if t == nil {
		return never
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}

func instant(key string) (any, error) {
	if key == never {
		return pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, nil
	}
	n, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return nil, err
	}
	return time.UnixMicro(n).UTC(), nil
}

func small(key string) (any, error) {
	n, err := strconv.ParseInt(key, 10, 16)
	return int16(n), err
}
