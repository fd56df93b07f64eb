package postgres

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"duradesk/find"
)

// wordStats is what Postgres knows of how common words are (pg_stats), and how many rows there are.
type wordStats struct {
	titles, messages, clients lexemeStats
	tickets                   float64
	perClient                 float64 // tickets
}

// lexemeStats of one column of words.
type lexemeStats struct {
	total  float64 // rows
	common map[string]float64
	least  float64 // share of the rarest word that is listed
}

// rows tells in about how many rows all terms are. Words that go together (the pairs of one Japanese word do) are
// counted as often as the rarest of them: rather too many than too few.
func (l lexemeStats) rows(terms []find.Term) float64 {
	share := 1.0
	for _, t := range terms {
		share = min(share, l.share(t))
	}
	return share * l.total
}

func (l lexemeStats) share(t find.Term) float64 {
	if !t.Prefix {
		if s, ok := l.common[t.Lexeme]; ok {
			return s
		}
		return l.least / 2
	}
	sum := l.least / 2
	for lexeme, s := range l.common {
		if strings.HasPrefix(lexeme, t.Lexeme) {
			sum += s
		}
	}
	return min(sum, 1)
}

// wordStatsAge is for how long statistics are believed: they change with the seasons, not with the hours.
const wordStatsAge = 5 * time.Minute

// wordCache keeps the statistics of a store.
type wordCache struct {
	mu   sync.Mutex
	st   *wordStats
	read time.Time
}

func (s *Store) wordStats(ctx context.Context) (*wordStats, error) {
	s.words.mu.Lock()
	defer s.words.mu.Unlock()
	if s.words.st != nil && time.Since(s.words.read) < wordStatsAge {
		return s.words.st, nil
	}
	st, err := s.readWordStats(ctx)
	if err != nil {
		return nil, fmt.Errorf("read how common words are: %w", err)
	}
	s.words.st, s.words.read = st, time.Now()
	return st, nil
}

func (s *Store) readWordStats(ctx context.Context) (*wordStats, error) {
	rows, err := s.pool.Query(ctx, `
		select c.relname, greatest(c.reltuples, 0), coalesce(p.most_common_elems::text::text[], '{}'), coalesce(p.most_common_elem_freqs, '{}')
		from pg_class c left join pg_stats p on p.schemaname = c.relnamespace::regnamespace::text and p.tablename = c.relname and p.attname = 'words'
		where c.oid in ('ticket_words'::regclass, 'message_words'::regclass, 'clients'::regclass, 'tickets'::regclass)`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	st := &wordStats{}
	for rows.Next() {
		var table string
		var total float64
		var elems []string
		var shares []float64
		if err := rows.Scan(&table, &total, &elems, &shares); err != nil {
			return nil, err
		}
		l := lexemeStats{total: total, common: make(map[string]float64, len(elems))}
		for i, e := range elems {
			if i < len(shares) { // after them come the least and the greatest share
				l.common[e] = shares[i]
			}
		}
		if len(shares) > len(elems) {
			l.least = shares[len(elems)]
		}
		switch table {
		case "ticket_words":
			st.titles = l
		case "message_words":
			st.messages = l
		case "clients":
			st.clients = l
		case "tickets":
			st.tickets = total
		}
	}
	st.perClient = max(1, st.tickets/max(1, st.clients.total))
	return st, rows.Err()
}
