package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// While agents and clients work, each part is killed, and then `up` itself. Nothing accepted is lost, nothing is done
// twice. DURADESK_E2E_SEED repeats a run's commands.
func TestKillEverything(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("DURADESK_E2E_SEED"); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("DURADESK_E2E_SEED=%d", seed)
	start := time.Now()
	d := startDesk(t)
	s := &storm{desk: d, agents: []*caller{d.admin(), d.admin().staff("sato", "Sato"), d.admin().staff("tanaka", "Tanaka")}}
	s.openTickets()
	s.prepare(rand.New(rand.NewPCG(seed, 1)))
	began := time.Now()
	s.rage()
	t.Logf("%d commands while killing: %v", len(s.orders), time.Since(began).Round(time.Millisecond))
	over := time.Now()
	pool := d.record()
	d.settle(pool, 90*time.Second)
	t.Logf("all was done %v after the last kill", time.Since(over).Round(time.Millisecond))

	d.reconcile(pool)
	s.everyCommandHasItsReceipt()
	s.everyMailWentOnce()
	s.everyMailCameOnce()
	require.Len(t, d.admin().list(""), stormTickets, "no ticket more")
	t.Logf("the whole took %v", time.Since(start).Round(time.Second))
}

// The size of the storm: commands per kill, and how many of them are on their way when it comes.
const (
	stormTickets  = 20
	stormClients  = 8
	ordersPerKill = 34
	beforeTheKill = 8
	mailsPerKill  = 5
)

type storm struct {
	*desk
	agents  []*caller
	numbers []int64
	orders  []*order
	letters []*sent
}

// order is a command that an agent will send until he has an answer.
type order struct {
	by      *caller
	number  int64
	command string
	body    object
	id      string
	text    string // what a mail to the client would say
	answer  reply
}

// sent is a mail that a client will send until he knows that it was taken.
type sent struct {
	letter
	raw       []byte
	uncertain bool // the connection broke when all was said
	taken     bool
}

func stormClient(i int) string { return fmt.Sprintf("storm%d@client.example", i) }

func (s *storm) openTickets() {
	s.t.Helper()
	for i := range stormTickets {
		s.send(letter{name: fmt.Sprint("Client ", i), from: stormClient(i), subject: fmt.Sprint("Storm ", i), body: "Please help."})
	}
	for i := range stormTickets {
		s.numbers = append(s.numbers, s.admin().awaitTitle(fmt.Sprint("Storm ", i)).Number)
		s.awaitMail(stormClient(i), 1)
	}
}

// prepare draws all commands and mails, so that a seed gives the same ones again.
func (s *storm) prepare(r *rand.Rand) {
	kills := len(parts) + 1
	for i := range kills * ordersPerKill {
		o := &order{by: s.agents[r.IntN(len(s.agents))], number: s.numbers[r.IntN(len(s.numbers))], id: fmt.Sprintf("order-%d", i)}
		o.text = fmt.Sprintf("Words of %s.", o.id)
		o.body = object{"id": o.id}
		switch n := r.IntN(20); {
		case n < 9:
			o.command, o.body["message"] = "agent-response", says(o.text)
		case n < 12:
			o.command, o.body["hold"], o.body["message"] = "hold", object{"reason": "client"}, says(o.text)
		case n < 14:
			o.command, o.body["message"] = "resolve", says(o.text)
		case n < 15:
			o.command, o.body["hold"], o.text = "hold", object{"reason": "internal"}, ""
		case n < 17:
			o.command, o.body["message"], o.text = "note", says("Note "+o.id), ""
		case n < 19:
			o.command, o.body["assign"], o.text = "assign", object{"owner": "me"}, ""
		default:
			o.command, o.body["escalate"], o.text = "escalate", object{"group": "support", "reason": "higher"}, ""
		}
		s.orders = append(s.orders, o)
	}
	for i := range kills * mailsPerKill {
		k := r.IntN(stormTickets)
		l := letter{name: fmt.Sprint("Client ", k), from: stormClient(k), subject: fmt.Sprintf("[#%d] More", s.numbers[k]), body: fmt.Sprintf("Letter %d ends.", i)}
		raw, _ := l.bytes()
		s.letters = append(s.letters, &sent{letter: l, raw: raw})
	}
}

// rage lets everybody work, kill by kill.
func (s *storm) rage() {
	for k, victim := range append(slices.Clone(parts), "up") {
		orders := s.orders[k*ordersPerKill : (k+1)*ordersPerKill]
		letters := s.letters[k*mailsPerKill : (k+1)*mailsPerKill]
		var begun atomic.Int32
		enough := make(chan struct{})
		next := make(chan *order)
		var busy sync.WaitGroup
		busy.Go(func() {
			for _, o := range orders {
				next <- o
				if begun.Add(1) == beforeTheKill {
					close(enough)
				}
			}
			close(next)
		})
		for range stormClients {
			busy.Go(func() {
				for o := range next {
					s.carryOut(o)
				}
			})
		}
		busy.Go(func() {
			<-enough
			for _, l := range letters {
				s.deliver(l)
			}
		})
		<-enough
		s.strike(victim)
		busy.Wait()
	}
}

// strike kills and waits until all is up again.
func (s *storm) strike(victim string) {
	s.t.Helper()
	start := time.Now()
	if victim == "up" {
		s.kill()
		s.start()
	} else {
		s.again(victim, s.killPart(victim))
	}
	s.t.Logf("%-8s killed, ready again after %v", victim, time.Since(start).Round(time.Millisecond))
}

// carryOut sends a command, with the same id, until there is an answer that says what became of it.
func (s *storm) carryOut(o *order) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for pause := time.NewTicker(100 * time.Millisecond); ; {
		r, err := o.by.try(ctx, http.MethodPost, ticketPath(o.number)+"/"+o.command, o.body)
		if err == nil && r.status != http.StatusServiceUnavailable {
			o.answer = r
			return
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			s.t.Errorf("%s got no answer: %v %v", o.id, r, err)
			return
		}
	}
}

// deliver sends a mail until it is taken; one of which nobody knows is not sent again, as mail programs ask first.
func (s *storm) deliver(l *sent) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for pause := time.NewTicker(100 * time.Millisecond); ; {
		err := s.trySend(l.letter, l.raw)
		l.taken = err == nil
		l.uncertain = err != nil && isUncertain(err)
		if l.taken || l.uncertain {
			return
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			s.t.Errorf("a mail was not taken: %v", err)
			return
		}
	}
}

func (s *storm) everyCommandHasItsReceipt() {
	s.t.Helper()
	outcomes := map[string]int{}
	for _, o := range s.orders {
		require.Contains(s.t, []int{http.StatusOK, http.StatusAccepted, http.StatusConflict}, o.answer.status, "%s: %s", o.id, o.answer)
		var v receiptView
		o.by.read("/receipts/"+o.id, &v)
		require.Equal(s.t, o.number, v.Number)
		require.Equal(s.t, o.command, v.Command)
		require.Contains(s.t, []string{"applied", "already", "refused"}, v.Outcome, o.id)
		if first := o.answer.receipt(s.desk); o.answer.status == http.StatusOK {
			require.Equal(s.t, first.Outcome, v.Outcome, "a receipt never changes")
			require.Equal(s.t, first.Revision, v.Revision)
		}
		again := o.by.call(http.MethodPost, ticketPath(o.number)+"/"+o.command, o.body)
		require.Equal(s.t, v.Outcome == "refused", again.status == http.StatusConflict, "%s: %s", o.id, again)
		outcomes[fmt.Sprintf("%d then %s", o.answer.status, v.Outcome)]++
	}
	s.t.Logf("answers: %v", outcomes)
}

// everyMailWentOnce: each message to a client lies in his mailbox once, or its delivery says that nobody knows.
func (s *storm) everyMailWentOnce() {
	s.t.Helper()
	boxes := map[int64]string{}
	for i, n := range s.numbers {
		for _, m := range s.inbox(stormClient(i)) {
			boxes[n] += m.text
		}
	}
	uncertain, sentOnce := 0, 0
	for _, n := range s.numbers {
		for _, item := range s.admin().timeline(n) {
			for _, o := range s.orders {
				if o.id != item.CommandID || o.text == "" || item.Type != "message" {
					continue
				}
				require.Len(s.t, item.Delivery, 1, "%+v", item)
				times := strings.Count(boxes[n], o.text)
				switch state := item.Delivery[0].State; state {
				case "accepted":
					require.Equal(s.t, 1, times, "%s, delivered %s", o.id, state)
					sentOnce++
				case "uncertain":
					require.LessOrEqual(s.t, times, 1, "%s, delivered %s", o.id, state)
					uncertain++
				default:
					require.Fail(s.t, "a mail is neither sent nor uncertain", "%+v", item)
				}
			}
		}
	}
	want := 0
	for _, o := range s.orders {
		if v := s.outcome(o); o.text != "" && v == "applied" {
			want++
		}
	}
	require.Equal(s.t, want, sentOnce+uncertain, "each applied message has its mail")
	s.t.Logf("%d mails went once, %d are uncertain", sentOnce, uncertain)
}

func (s *storm) outcome(o *order) string {
	s.t.Helper()
	var v receiptView
	o.by.read("/receipts/"+o.id, &v)
	return v.Outcome
}

// everyMailCameOnce: each mail that the server took is one message of its ticket.
func (s *storm) everyMailCameOnce() {
	s.t.Helper()
	times := map[string]int{}
	for _, n := range s.numbers {
		for _, item := range s.admin().timeline(n) {
			if item.Type == "message" && item.By.Kind == "client" {
				times[strings.TrimSpace(item.Body)]++
			}
		}
	}
	uncertain := 0
	for _, l := range s.letters {
		if l.uncertain {
			uncertain++
			require.LessOrEqual(s.t, times[l.body], 1, l.body)
			continue
		}
		require.Equal(s.t, 1, times[l.body], l.body)
	}
	s.t.Logf("%d mails came once, of %d the client does not know", len(s.letters)-uncertain, uncertain)
}
