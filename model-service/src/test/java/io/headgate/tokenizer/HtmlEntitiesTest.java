package io.headgate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class HtmlEntitiesTest {
  /** 600 seeded texts of whole and broken references, unescaped by Python's html.unescape. */
  @Test
  void unescapesAsPythonDoes() throws IOException {
    Path golden = Path.of("src/test/resources/fixtures/tokenizer/html_unescape.json");
    for (JsonNode pair : new ObjectMapper().readTree(golden.toFile())) {
      assertThat(HtmlEntities.unescape(pair.get(0).textValue()))
          .as(pair.get(0).toString())
          .isEqualTo(pair.get(1).textValue());
    }
  }
}
