// Asks pgjdbc whether it can log in with the files we wrote. One line on stdout: "accepted: serial=<decimal> dn=<dn>
// tls=<version>" (exit 0), "refused: <all causes, joined by ' | '>" (exit 1) or "broken: <why>" (exit 2).
//
//   java -cp /usr/share/java/postgresql.jar JdbcProbe.java --url jdbc:postgresql://host:port/db?sslmode=…
//        [--user U] [--password-file F] [--sslpassword-file F]
//   java -cp … JdbcProbe.java --batch F    each line of F is one set of arguments, separated by tabs; exits with the worst
//
// One file, so that java can start it uncompiled: the small helpers are in both of our Java probes.

import java.io.IOException;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

public final class JdbcProbe {
  static final String QUESTION = """
      select coalesce(s.client_serial::text, 'none'), coalesce(s.client_dn, 'none'), coalesce(s.version, 'none')
      from pg_stat_ssl s where pid = pg_backend_pid()""";

  record Answer(int status, String line) {}

  static Answer probe(List<String> arguments) {
    try {
      var flags = flags(arguments, Set.of("--url", "--user", "--password-file", "--sslpassword-file"));
      var url = flags.get("--url");
      if (url == null) throw new IllegalArgumentException("--url is missing");
      // pgjdbc quotes the whole URL in some of its errors, and arguments show in the process list.
      if (url.contains("assword=")) throw new IllegalArgumentException("--url holds a password, which belongs into a file");
      return connect(flags, 5);
    } catch (IllegalArgumentException | IOException e) {
      return new Answer(2, "broken: " + causes(e));
    }
  }

  static Answer connect(Map<String, String> flags, int attempts) throws IOException {
    try {
      return new Answer(0, "accepted: " + logIn(flags));
    } catch (SQLException | RuntimeException e) {
      // A server that is not there refuses nothing: without this, every test of a refusal would pass when it is down.
      if (caused(e, ConnectException.class, SocketTimeoutException.class, UnknownHostException.class)) {
        return new Answer(2, "broken: " + causes(e));
      }
      // The server that refuses a certificate sends an alert and closes; what we had sent meanwhile makes it a reset, which
      // may overtake the alert (one in thirty here). The reason is worth another try.
      if (caused(e, SocketException.class) && attempts > 1) return connect(flags, attempts - 1);
      return new Answer(1, "refused: " + causes(e));
    }
  }

  static String logIn(Map<String, String> flags) throws SQLException, IOException {
    var properties = new Properties();
    properties.setProperty("loginTimeout", "60");
    properties.setProperty("socketTimeout", "60");
    if (flags.containsKey("--user")) properties.setProperty("user", flags.get("--user"));
    if (flags.containsKey("--password-file")) properties.setProperty("password", secret(flags.get("--password-file")));
    if (flags.containsKey("--sslpassword-file")) properties.setProperty("sslpassword", secret(flags.get("--sslpassword-file")));

    try (var connection = DriverManager.getConnection(flags.get("--url"), properties);
         var statement = connection.createStatement();
         var row = statement.executeQuery(QUESTION)) {
      row.next();
      return "serial=" + row.getString(1) + " dn=" + row.getString(2) + " tls=" + row.getString(3);
    }
  }

  static boolean caused(Throwable e, Class<?>... kinds) {
    for (; e != null; e = e.getCause()) {
      for (var kind : kinds) if (kind.isInstance(e)) return true;
    }
    return false;
  }

  static String secret(String file) throws IOException {
    return Files.readString(Path.of(file)).replaceFirst("\\R\\z", "");
  }

  static String causes(Throwable e) {
    var all = "";
    for (; e != null; e = e.getCause()) {
      var text = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      if (e instanceof IOException && !text.contains(" ")) text = e.getClass().getSimpleName() + " " + text;  // a file or host, bare
      if (!all.contains(text)) all += (all.isEmpty() ? "" : " | ") + text;  // most wrap their cause's text
    }
    return all;
  }

  static Map<String, String> flags(List<String> arguments, Set<String> known) {
    var flags = new HashMap<String, String>();
    for (int i = 0; i < arguments.size(); i += 2) {
      if (!known.contains(arguments.get(i))) throw new IllegalArgumentException("unknown flag " + arguments.get(i));
      if (i + 1 == arguments.size()) throw new IllegalArgumentException(arguments.get(i) + " lacks its value");
      flags.put(arguments.get(i), arguments.get(i + 1));
    }
    return flags;
  }

  static List<List<String>> sets(String[] arguments) throws IOException {
    if (arguments.length != 2 || !arguments[0].equals("--batch")) return List.of(List.of(arguments));
    return Files.readAllLines(Path.of(arguments[1])).stream().map(line -> List.of(line.split("\t"))).toList();
  }

  public static void main(String[] arguments) {
    // pgjdbc would use ~/.postgresql and ~/.pgpass unasked, and speak the language of the machine.
    System.setProperty("user.home", "/nonexistent");
    Locale.setDefault(Locale.ROOT);

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
