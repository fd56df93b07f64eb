package postgres

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestPagingIsCompleteWhateverIsAdded pages through each order, with many equal keys, while tickets are added.
func TestPagingIsCompleteWhateverIsAdded(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	var before []laid
	var numbers []ticket.Number
	for n := ticket.Number(1001); n <= 1120; n++ {
		l := laid{number: n, priority: ticket.Priority(1 + rand.IntN(4)), created: noon.Add(time.Duration(rand.IntN(5)) * time.Microsecond)}
		l.updated = noon.Add(time.Duration(rand.IntN(5)) * time.Microsecond)
		if rand.IntN(2) == 0 {
			due := noon.Add(time.Duration(rand.IntN(5)) * time.Hour)
			l.nextDue = &due
		}
		before, numbers = append(before, l), append(numbers, n)
	}
	lay(t, s, before...)
	next := ticket.Number(2000)
	for _, sort := range []string{"number", "updated", "created", "priority", "next_due"} {
		for _, sort := range []string{sort, "-" + sort} {
			q := Query{Sort: sort, Limit: 7}
			met := map[ticket.Number]int{}
			var last place
			for page := 0; ; page++ {
				p, err := s.List(t.Context(), q)
				require.NoError(t, err)
				for _, r := range p.Items {
					met[r.Process.Number]++
				}
				last = inOrderOf(t, s, sort, last, numbersOf(p))
				if q.Cursor = p.Next; p.Next == "" {
					break
				}
				var added []laid
				for range 3 { // one of each lands before, about and after where we are
					next++
					added = append(added, laid{number: next, priority: ticket.Priority(1 + rand.IntN(4)), created: noon.Add(time.Duration(rand.IntN(9)-2) * time.Microsecond)})
				}
				lay(t, s, added...)
			}
			for _, n := range numbers {
				require.Equal(t, 1, met[n], "ticket %d by %s", n, sort)
			}
			for n, times := range met {
				require.Equal(t, 1, times, "ticket %d by %s", n, sort)
			}
			exec(t, s, `delete from tickets where number >= 2000`)
		}
	}
}

// inOrderOf proves that a page goes on in order after the last row of the one before.
func inOrderOf(t *testing.T, s *Store, sort string, last place, page []ticket.Number) place {
	t.Helper()
	for _, n := range page {
		r := place{number: int64(n)}
		require.NoError(t, s.pool.QueryRow(t.Context(), `select updated_at, created_at, priority, next_due_at from tickets where number = $1`, r.number).
			Scan(&r.updated, &r.created, &r.priority, &r.nextDue))
		if last.number != 0 {
			a, b := sortable(sort, last), sortable(sort, r)
			require.Negative(t, slices.Compare(a, b), "%v before %v by %s", a, b, sort)
		}
		last = r
	}
	return last
}

func sortable(sort string, r place) []int64 {
	key, sign := int64(0), int64(1)
	switch strings.TrimPrefix(sort, "-") {
	case "updated":
		key = r.updated.UnixMicro()
	case "created":
		key = r.created.UnixMicro()
	case "priority":
		key = int64(r.priority)
	case "next_due":
		if key = 1 << 62; r.nextDue != nil {
			key = r.nextDue.UnixMicro()
		}
	}
	if strings.HasPrefix(sort, "-") {
		sign = -1
	}
	return []int64{sign * key, sign * r.number}
}

func TestPagingUnderConcurrentWriters(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	var before []laid
	for n := ticket.Number(1001); n <= 1200; n++ {
		before = append(before, laid{number: n})
	}
	lay(t, s, before...)
	// Beside every page that is read, up to two tickets come in: the reader gets to the end on a slow machine too.
	come := make(chan struct{}, 2)
	var writer sync.WaitGroup
	writer.Go(func() {
		n := ticket.Number(5000)
		for range come {
			lay(t, s, laid{number: n, created: noon.Add(time.Duration(rand.IntN(2000)) * time.Second)})
			n++
		}
	})
	defer writer.Wait()
	defer close(come)
	for range 5 {
		met := map[ticket.Number]int{}
		for q := (Query{Limit: 10}); ; {
			for range cap(come) {
				select {
				case come <- struct{}{}:
				default: // the writer has enough to do
				}
			}
			p, err := s.List(t.Context(), q)
			require.NoError(t, err)
			for _, n := range numbersOf(p) {
				met[n]++
				require.Equal(t, 1, met[n])
			}
			if q.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		for _, l := range before {
			require.Equal(t, 1, met[l.number], l.number)
		}
	}
}
