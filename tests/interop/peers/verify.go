// Asks Go's crypto/x509 whether it accepts a chain that we wrote. One line on stdout: "accepted: serial=<HEX>
// notAfter=<RFC3339>" (exit 0), "refused: <why>" (exit 1) or "broken: <why>" (exit 2).
//
//	verify -cert CHAIN.pem -roots ROOTS.pem -at RFC3339 -purpose server|client [-host H] [-key PKCS8.pem]
//
// Built with: GO111MODULE=off go build -o verify verify.go
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

var purposes = map[string]x509.ExtKeyUsage{"server": x509.ExtKeyUsageServerAuth, "client": x509.ExtKeyUsageClientAuth}

type question struct {
	cert, roots, key []byte // PEM; key may be absent
	at               time.Time
	purpose          x509.ExtKeyUsage
	host             string // not checked if empty
}

func ask(arguments []string) (question, error) {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	cert := flags.String("cert", "", "chain, leaf first")
	roots := flags.String("roots", "", "trusted certificates")
	at := flags.String("at", "", "time of the verification")
	purpose := flags.String("purpose", "", "server or client")
	host := flags.String("host", "", "DNS name or IP address")
	key := flags.String("key", "", "PKCS#8 key of the leaf")

	var q question
	err := flags.Parse(arguments)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %s", flags.Arg(0))
	}
	if err == nil {
		if q.at, err = time.Parse(time.RFC3339, *at); err != nil {
			err = errors.New("-at is a time such as 2026-11-24T12:00:00Z")
		}
	}
	if err == nil {
		q.cert, err = os.ReadFile(*cert)
	}
	if err == nil {
		q.roots, err = os.ReadFile(*roots)
	}
	if err == nil && *key != "" {
		q.key, err = os.ReadFile(*key)
	}
	known := false
	if q.purpose, known = purposes[*purpose]; err == nil && !known {
		err = errors.New("-purpose is server or client")
	}
	q.host = *host
	return q, err
}

func verify(q question) (string, error) {
	chain, err := certificates(q.cert)
	if err != nil {
		return "", err
	}
	roots, err := certificates(q.roots)
	if err != nil {
		return "", fmt.Errorf("roots: %w", err)
	}
	options := x509.VerifyOptions{
		DNSName: q.host, Roots: pool(roots), Intermediates: pool(chain[1:]), CurrentTime: q.at,
		KeyUsages: []x509.ExtKeyUsage{q.purpose}}
	if _, err := chain[0].Verify(options); err != nil {
		return "", err
	}
	if q.key != nil {
		if _, err := tls.X509KeyPair(q.cert, q.key); err != nil {
			return "", err
		}
	}
	// %X of the octets, not of the number: openssl, and so we, print whole octets.
	return fmt.Sprintf("serial=%X notAfter=%s", chain[0].SerialNumber.Bytes(), chain[0].NotAfter.UTC().Format(time.RFC3339)), nil
}

// AppendCertsFromPEM would pass silently over what it cannot parse.
func certificates(text []byte) ([]*x509.Certificate, error) {
	var found []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		found = append(found, certificate)
	}
	if found == nil {
		return nil, errors.New("no PEM certificate")
	}
	return found, nil
}

func pool(certificates []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return pool
}

func end(status int, kind, text string) {
	fmt.Printf("%s: %s\n", kind, strings.Join(strings.Fields(text), " "))
	os.Exit(status)
}

func main() {
	q, err := ask(os.Args[1:])
	if err != nil {
		end(2, "broken", err.Error())
	}
	text, err := verify(q)
	if err != nil {
		end(1, "refused", err.Error())
	}
	end(0, "accepted", text)
}
