// Asks the JDK whether it takes certificates, key stores and keys that we wrote. One line on stdout: "accepted: …" (exit 0),
// "refused: <all causes, joined by ' | '>" (exit 1) or "broken: <why>" (exit 2).
//
//   java PkixProbe.java --cert CHAIN.pem --root ROOTS.pem --at RFC3339 [--purpose server|client]
//     accepted: serial=<HEX> notBefore=<RFC3339> notAfter=<RFC3339>
//   java PkixProbe.java --crl F --root ROOT.pem                accepted: entries=<n> first=<HEX>; F is DER or PEM
//   java PkixProbe.java --pkcs12 F --password-file F           accepted: alias=user chain=<n> key=<algorithm>
//   java PkixProbe.java --pk8 F.der --algorithm EC|RSA|Ed25519 accepted: key=<algorithm> roundtrip=same|differs
//   java PkixProbe.java --encrypted-pk8 F --password-file F    the same; F is DER or PEM
//   java PkixProbe.java --batch F    each line of F is one set of arguments, separated by tabs; exits with the worst
//
// One file, so that java can start it uncompiled: the small helpers are in both of our Java probes.

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TimeZone;
import java.util.stream.Collectors;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

public final class PkixProbe {
  static final Set<String> FLAGS = Set.of("--cert", "--crl", "--root", "--at", "--purpose", "--pkcs12", "--password-file", "--pk8",
      "--algorithm", "--encrypted-pk8");
  static final Map<String, String> PURPOSES = Map.of("server", "1.3.6.1.5.5.7.3.1", "client", "1.3.6.1.5.5.7.3.2");

  record Answer(int status, String line) {}

  static Answer probe(List<String> arguments) {
    try {
      var flags = new Flags(arguments);
      if (flags.has("--cert")) return new Answer(0, "accepted: " + validate(flags));
      if (flags.has("--crl")) return new Answer(0, "accepted: " + readList(flags));
      if (flags.has("--pkcs12")) return new Answer(0, "accepted: " + openKeyStore(flags));
      if (flags.has("--pk8")) return new Answer(0, "accepted: " + readKey(flags));
      if (flags.has("--encrypted-pk8")) return new Answer(0, "accepted: " + decryptKey(flags));
      throw new IllegalArgumentException("one of --cert, --crl, --pkcs12, --pk8, --encrypted-pk8 is needed");
    } catch (IllegalArgumentException | DateTimeException e) {
      return new Answer(2, "broken: " + causes(e));
    } catch (FileSystemException e) {
      return new Answer(2, "broken: cannot read " + causes(e));
    } catch (IOException | GeneralSecurityException | RuntimeException e) {  // all three are ways in which the JDK says no
      return new Answer(1, "refused: " + causes(e));
    }
  }

  static String validate(Flags flags) throws IOException, GeneralSecurityException {
    var chain = certificates(flags.get("--cert"));
    var anchors = certificates(flags.get("--root")).stream().map(root -> new TrustAnchor(root, null)).collect(Collectors.toSet());
    var rules = new PKIXParameters(anchors);
    rules.setDate(Date.from(Instant.parse(flags.get("--at"))));
    rules.setRevocationEnabled(false);
    // In the order of the file: sorting would hide a chain that no loader takes.
    CertPathValidator.getInstance("PKIX").validate(CertificateFactory.getInstance("X.509").generateCertPath(chain), rules);

    var leaf = chain.get(0);
    if (flags.has("--purpose")) {
      var oid = PURPOSES.get(flags.get("--purpose"));
      if (oid == null) throw new IllegalArgumentException("--purpose is server or client");
      var wanted = new X509CertSelector();
      wanted.setExtendedKeyUsage(Set.of(oid));  // as JSSE judges: a certificate without the extension passes
      if (!wanted.match(leaf)) throw new CertificateException("extended key usage " + leaf.getExtendedKeyUsage() + " lacks " + oid);
    }
    return "serial=" + hex(leaf.getSerialNumber()) + " notBefore=" + leaf.getNotBefore().toInstant()
        + " notAfter=" + leaf.getNotAfter().toInstant();
  }

  static String readList(Flags flags) throws IOException, GeneralSecurityException {
    var file = Files.readAllBytes(Path.of(flags.get("--crl")));
    var list = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(file));
    list.verify(certificates(flags.get("--root")).get(0).getPublicKey());
    var entries = list.getRevokedCertificates() == null ? Set.<X509CRLEntry>of() : list.getRevokedCertificates();
    var first = entries.stream().map(X509CRLEntry::getSerialNumber).sorted().findFirst();
    return "entries=" + entries.size() + " first=" + first.map(PkixProbe::hex).orElse("none");
  }

  static String openKeyStore(Flags flags) throws IOException, GeneralSecurityException {
    var password = secret(flags.get("--password-file"));
    var store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(Files.readAllBytes(Path.of(flags.get("--pkcs12")))), password);
    // The one alias that pgjdbc asks for: under another it sends no certificate, and says nothing.
    if (!store.isKeyEntry("user")) throw new KeyStoreException("no key under the alias user, but " + Collections.list(store.aliases()));
    var chain = store.getCertificateChain("user");
    if (chain == null) throw new KeyStoreException("no certificate with the key");
    return "alias=user chain=" + chain.length + " key=" + store.getKey("user", password).getAlgorithm();
  }

  static String readKey(Flags flags) throws IOException, GeneralSecurityException {
    var algorithm = flags.get("--algorithm");
    if (!Set.of("EC", "RSA", "Ed25519").contains(algorithm)) throw new IllegalArgumentException("--algorithm is EC, RSA or Ed25519");
    return describe(Files.readAllBytes(Path.of(flags.get("--pk8"))), algorithm);
  }

  static String decryptKey(Flags flags) throws IOException, GeneralSecurityException {
    var sealed = new EncryptedPrivateKeyInfo(der(Files.readAllBytes(Path.of(flags.get("--encrypted-pk8")))));
    // PBES2 is no cipher of the JDK: only the parameters' text names the one to use, such as PBEWithHmacSHA256AndAES_256.
    // pgjdbc asks for "PBES2" and fails, so this says what a Java program can do, not what pgjdbc does.
    var parameters = sealed.getAlgParameters();
    var name = sealed.getAlgName().equals("PBES2") ? parameters.toString() : sealed.getAlgName();
    var key = SecretKeyFactory.getInstance(name).generateSecret(new PBEKeySpec(secret(flags.get("--password-file"))));
    var cipher = Cipher.getInstance(name);
    cipher.init(Cipher.DECRYPT_MODE, key, parameters);
    var plain = sealed.getKeySpec(cipher);
    return describe(plain.getEncoded(), plain.getAlgorithm());
  }

  // "differs" is a key that works and a file that is not what a DER encoder writes: trailing octets, say.
  static String describe(byte[] pkcs8, String algorithm) throws GeneralSecurityException {
    var key = KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    return "key=" + key.getAlgorithm() + " roundtrip=" + (Arrays.equals(key.getEncoded(), pkcs8) ? "same" : "differs");
  }

  static List<X509Certificate> certificates(String file) throws IOException, CertificateException {
    var parsed = CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(file))));
    if (parsed.isEmpty()) throw new CertificateException("no certificate in " + file);
    return parsed.stream().map(X509Certificate.class::cast).toList();
  }

  static byte[] der(byte[] file) {
    var text = new String(file, StandardCharsets.ISO_8859_1);
    return text.startsWith("-----") ? Base64.getMimeDecoder().decode(text.replaceAll("-----[^-]*-----", "")) : file;
  }

  static String hex(BigInteger serial) {  // as openssl prints it: whole octets, no sign octet
    var digits = serial.toString(16).toUpperCase(Locale.ROOT);
    return digits.length() % 2 == 0 ? digits : "0" + digits;
  }

  static char[] secret(String file) throws IOException {
    return Files.readString(Path.of(file)).replaceFirst("\\R\\z", "").toCharArray();
  }

  static String causes(Throwable e) {
    var all = "";
    for (; e != null; e = e.getCause()) {
      var text = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      if (!all.contains(text)) all += (all.isEmpty() ? "" : " | ") + text;  // most wrap their cause's text
    }
    return all;
  }

  static final class Flags {
    private final Map<String, String> values = new HashMap<>();

    Flags(List<String> arguments) {
      for (int i = 0; i < arguments.size(); i += 2) {
        if (!FLAGS.contains(arguments.get(i))) throw new IllegalArgumentException("unknown flag " + arguments.get(i));
        if (i + 1 == arguments.size()) throw new IllegalArgumentException(arguments.get(i) + " lacks its value");
        values.put(arguments.get(i), arguments.get(i + 1));
      }
    }

    boolean has(String flag) { return values.containsKey(flag); }

    String get(String flag) {
      if (!has(flag)) throw new IllegalArgumentException(flag + " is missing");
      return values.get(flag);
    }
  }

  static List<List<String>> sets(String[] arguments) throws IOException {
    if (arguments.length != 2 || !arguments[0].equals("--batch")) return List.of(List.of(arguments));
    return Files.readAllLines(Path.of(arguments[1])).stream().map(line -> List.of(line.split("\t"))).toList();
  }

  public static void main(String[] arguments) {
    Locale.setDefault(Locale.ROOT);
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));  // the JDK's reasons quote dates
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    int worst = 0;
    try {
      for (var set : sets(arguments)) {
        var answer = probe(set);
        out.println(answer.line().strip().replaceAll("\\s*\\R\\s*", " "));
        worst = Math.max(worst, answer.status());
      }
    } catch (IOException e) {
      out.println("broken: cannot read " + causes(e));
      worst = 2;
    }
    System.exit(worst);
  }
}
