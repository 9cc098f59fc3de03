import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.Properties;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.callback.PasswordCallback;
import org.postgresql.ssl.LazyKeyManager;
import org.postgresql.ssl.PKCS12KeyManager;

// What pgjdbc itself reads. A request a line, its words in hexadecimal: `url URL`, `p12 FILE PASSWORD`, `pk8 CERTIFICATE KEY`. An answer
// a line: `KEY=VALUE …`, values in hexadecimal, or `error=TEXT`. No connection is opened.
public class PgjdbcReads {
  static String text(String hex) {
    return new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8);
  }

  static String pair(String key, String value) {
    return key + "=" + HexFormat.of().formatHex(value.getBytes(StandardCharsets.UTF_8)) + " ";
  }

  static CallbackHandler password(String password) {
    return callbacks -> {
      for (Callback callback : callbacks) ((PasswordCallback) callback).setPassword(password.toCharArray());
    };
  }

  static String key(PrivateKey key, X509Certificate[] chain) {
    if (key == null || chain == null) return pair("error", "no key or no chain");
    String answer = pair("algorithm", key.getAlgorithm()) + pair("format", key.getFormat());
    for (X509Certificate certificate : chain) answer += pair("subject", certificate.getSubjectX500Principal().getName());
    return answer;
  }

  static String answer(String[] words) throws Exception {
    switch (words[0]) {
      case "url":
        Properties properties = org.postgresql.Driver.parseURL(text(words[1]), new Properties());
        if (properties == null) return pair("error", "no URL of pgjdbc's");
        String answer = "";
        for (String name : properties.stringPropertyNames()) answer += pair(name, properties.getProperty(name));
        return answer;
      case "p12":
        PKCS12KeyManager store = new PKCS12KeyManager(text(words[1]), password(text(words[2])));
        return key(store.getPrivateKey("user"), store.getCertificateChain("user"));
      default:
        LazyKeyManager files = new LazyKeyManager(text(words[1]), text(words[2]), password(""), false);
        return key(files.getPrivateKey("user"), files.getCertificateChain("user"));
    }
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line : requests.lines().toList()) {  // all of them before the first answer: the other side writes before it reads
      String said;
      try {
        said = answer(line.split(" "));
      } catch (Exception e) {
        said = pair("error", String.valueOf(e.getMessage()));
      }
      System.out.println(said);
    }
  }
}
