package world

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-smtp"
)

// Options say where a world lives. Only Dir is needed.
type Options struct {
	// Dir is where the mailboxes are kept. It is made if missing; an empty one is taken, one with other content not.
	Dir string
	// SMTPAddr and IMAPAddr are TCP addresses to listen on; port 0 or an empty address takes a free port on loopback.
	SMTPAddr, IMAPAddr string
	// Password opens every mailbox; "demo" if empty.
	Password string
	// Domain is the server's own name, in its greeting and in Received; "mail.example" if empty.
	Domain string
	// MaxMessage is the largest message that is taken, in bytes; 50 MiB if 0.
	MaxMessage int
	// Log takes what an operator should know; nothing is logged if nil. No address and no text of a mail gets there.
	Log *slog.Logger
	// Faults are failures on demand, for tests; none if nil.
	Faults *Faults
}

func (o *Options) complete() error {
	if o.Dir == "" {
		return errors.New("the mail world needs a directory")
	}
	for _, setting := range []struct {
		value    *string
		fallback string
	}{
		{&o.SMTPAddr, "127.0.0.1:0"}, {&o.IMAPAddr, "127.0.0.1:0"}, {&o.Password, "demo"}, {&o.Domain, "mail.example"},
	} {
		if *setting.value == "" {
			*setting.value = setting.fallback
		}
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = maxMessage
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Faults == nil {
		o.Faults = new(Faults)
	}
	return nil
}

// A World is a running mail server with both doors open.
type World struct {
	options    Options
	log        *slog.Logger
	faults     *Faults
	store      *store
	smtp       *smtp.Server
	imap       *imapserver.Server
	smtpListen net.Listener
	imapListen net.Listener

	serving sync.WaitGroup
	done    chan struct{} // closed when the world begins to end
	failed  chan error    // the first door that ended by itself
	ending  sync.Once
	closed  error // why Close failed, after ending

	mu       sync.Mutex
	wires    map[*wire]struct{}
	sessions map[*session]struct{}
	shut     bool
}

// Start opens the world and returns when both doors answer. It ends when ctx does, or by Close. Errors are one line
// each, for the operator: an address that is taken, a directory that is not ours or in use.
func Start(ctx context.Context, options Options) (*World, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	w := &World{
		options: options, log: options.Log, faults: options.Faults,
		done: make(chan struct{}), failed: make(chan error, 2),
		wires: make(map[*wire]struct{}), sessions: make(map[*session]struct{}),
	}
	if err := w.listen(ctx); err != nil {
		return nil, err
	}
	var err error
	if w.store, err = openStore(options.Dir, w.log); err != nil {
		return nil, errors.Join(err, w.smtpListen.Close(), w.imapListen.Close())
	}
	w.smtp, w.imap = w.newSMTPServer(), w.newIMAPServer()
	w.serve("SMTP", w.smtp.Serve, &doorListener{w.smtpListen, w, smtpDoor})
	w.serve("IMAP", w.imap.Serve, &doorListener{w.imapListen, w, imapDoor})
	go func() {
		select {
		case <-ctx.Done():
			_ = w.Close() // gives the same error to whoever else calls it
		case <-w.done:
		}
	}()
	return w, nil
}

func (w *World) listen(ctx context.Context) (err error) {
	var config net.ListenConfig
	if w.smtpListen, err = config.Listen(ctx, "tcp", w.options.SMTPAddr); err != nil {
		return fmt.Errorf("open the SMTP door: %w", err)
	}
	if w.imapListen, err = config.Listen(ctx, "tcp", w.options.IMAPAddr); err != nil {
		return errors.Join(fmt.Errorf("open the IMAP door: %w", err), w.smtpListen.Close())
	}
	return nil
}

func (w *World) serve(name string, serve func(net.Listener) error, listener net.Listener) {
	w.serving.Go(func() {
		err := serve(listener)
		select {
		case <-w.done: // as it should be
		default:
			w.failed <- fmt.Errorf("the %s door closed by itself: %w", name, err)
		}
	})
}

// Run opens a world and keeps it open until ctx ends, which is no error.
func Run(ctx context.Context, options Options) error {
	w, err := Start(ctx, options)
	if err != nil {
		return err
	}
	w.log.Info("mail world is open", "smtp", w.SMTPAddr(), "imap", w.IMAPAddr())
	select {
	case <-ctx.Done():
	case err = <-w.failed:
	}
	return errors.Join(err, w.Close())
}

// SMTPAddr returns the address of the SMTP door, with its actual port.
func (w *World) SMTPAddr() string { return w.smtpListen.Addr().String() }

// IMAPAddr returns the address of the IMAP door, with its actual port.
func (w *World) IMAPAddr() string { return w.imapListen.Addr().String() }

// Faults returns the faults that the world obeys.
func (w *World) Faults() *Faults { return w.faults }

// Close ends all connections and gives the directory back. What was answered 250 or OK is on disk. It may be called
// more than once.
func (w *World) Close() error {
	w.ending.Do(func() {
		close(w.done)
		errs := []error{w.smtpListen.Close(), w.imapListen.Close()}
		for _, wire := range w.shutWires() {
			_ = wire.Close() // the client may have been faster
		}
		w.serving.Wait()
		errs = append(errs, w.store.close())
		w.closed = errors.Join(errs...)
	})
	return w.closed
}

// keep remembers a connection, unless the world is ending.
func (w *World) keep(c *wire) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.shut {
		return false
	}
	w.wires[c] = struct{}{}
	return true
}

func (w *World) forget(c *wire) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.wires, c)
}

func (w *World) shutWires() []*wire {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shut = true
	wires := make([]*wire, 0, len(w.wires))
	for c := range w.wires {
		wires = append(wires, c)
	}
	return wires
}
