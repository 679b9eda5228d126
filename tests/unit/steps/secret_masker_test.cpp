#include "steps/secret_masker.h"

#include <gmock/gmock.h>

#include <random>
#include <string>

#include "base/crypto.h"
#include "base/strings.h"
#include "steps/line_splitter.h"

namespace steps {
namespace {

TEST(SecretMasker, LeavesTextWithoutSecretsAlone) {
  SecretMasker masker;
  EXPECT_EQ(masker.mask("nothing to hide"), "nothing to hide");
  masker.add("");
  EXPECT_EQ(masker.mask("nothing to hide"), "nothing to hide");
  EXPECT_FALSE(masker.holds_secret("nothing to hide"));
}

TEST(SecretMasker, ReplacesTheWholeValueEveryTime) {
  SecretMasker masker;
  masker.add("hunter2");
  EXPECT_EQ(masker.mask("hunter2, again hunter2!"), "***, again ***!");
  EXPECT_TRUE(masker.holds_secret("xhunter2x"));
}

TEST(SecretMasker, ComparesBytesAndNotLetters) {
  SecretMasker masker;
  masker.add("Hunter2");
  EXPECT_EQ(masker.mask("hunter2 Hunter2"), "hunter2 ***");
}

TEST(SecretMasker, MergesOverlappingAndTouchingMatches) {
  SecretMasker masker;
  masker.add("abcd");
  masker.add("cdef");
  masker.add("gh");
  EXPECT_EQ(masker.mask("-abcdef-"), "-***-");
  EXPECT_EQ(masker.mask("-abcdefgh-"), "-***-");
  EXPECT_EQ(masker.mask("ghgh gh"), "*** ***");
}

TEST(SecretMasker, MasksEachTrimmedLineOfAMultiLineValue) {
  SecretMasker masker;
  masker.add("first line\r\n  second line  \n\nthird line");
  EXPECT_EQ(masker.mask("first line"), "***");
  EXPECT_EQ(masker.mask("<second line>"), "<***>");
  EXPECT_EQ(masker.mask("third line"), "***");
}

TEST(SecretMasker, MasksTheUsualEncodings) {
  const std::string secret = "p@ss \"w'rd\" <&> 100%";
  SecretMasker masker;
  masker.add(secret);
  for (const std::string& form : {
           std::string("cEBzcyAidydyZCIgPCY+IDEwMCU="),
           std::string("p@ss \\\"w'rd\\\" <&> 100%"),
           std::string("p@ss \"w''rd\" <&> 100%"),
           std::string("p%40ss%20%22w%27rd%22%20%3C%26%3E%20100%25"),
           std::string("p@ss &quot;w&apos;rd&quot; &lt;&amp;&gt; 100%"),
       }) {
    EXPECT_EQ(masker.mask("[" + form + "]"), "[***]") << form;
  }
}

TEST(SecretMasker, MasksBase64AtEveryAlignment) {
  const std::string secret = "correct-horse-battery";
  SecretMasker masker;
  masker.add(secret);
  for (const std::string before : {"", "u:", "us:", "use:", "user:"}) {
    const std::string masked = masker.mask(base::base64_encode(before + secret + ":tail"));
    EXPECT_THAT(masked, testing::HasSubstr("***")) << before;
    EXPECT_LT(masked.size(), before.size() * 2 + 24) << masked;
  }
}

TEST(SecretMasker, MasksTheInsideOfAQuotedValue) {
  SecretMasker masker;
  masker.add("\"quoted-secret\"");
  EXPECT_EQ(masker.mask("quoted-secret"), "***");
}

TEST(SecretMasker, MasksTheTwoSidesThatPowerShellPrintsApart) {
  SecretMasker masker;
  masker.add("secretpart1&secretpart2&secretpart3");
  EXPECT_EQ(masker.mask("secretpart1&secretpart2&"), "***");
  EXPECT_EQ(masker.mask("secretpart3"), "***");
}

TEST(SecretMasker, FindsAValueThatBeginsWithinAnother) {
  SecretMasker masker;
  for (int i = 0; i < 40; ++i) masker.add("filler-value-" + std::to_string(1000 + i));
  masker.add("he");
  masker.add("she");
  masker.add("hers");
  for (int i = 40; i < 80; ++i) masker.add("filler-value-" + std::to_string(1000 + i));
  EXPECT_EQ(masker.mask("ushers!"), "u***!");
  EXPECT_EQ(masker.mask("filler-value-1079 filler-value-1000"), "*** ***");
}

/// The rule in its plainest form: mark every byte of every occurrence, then replace runs.
std::string masked_plainly(const std::vector<std::string>& secrets, const std::string& text) {
  std::vector<bool> hidden(text.size() + 1);
  std::vector<bool> joined(text.size() + 1);
  for (const std::string& secret : secrets) {
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 1)) {
      for (std::size_t i = at; i < at + secret.size(); ++i) hidden[i] = true;
    }
  }
  std::string masked;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!hidden[i]) {
      masked += text[i];
    } else if (i == 0 || !hidden[i - 1]) {
      masked += "***";
    }
  }
  return masked;
}

TEST(SecretMasker, AgreesWithThePlainestRuleOnRandomText) {
  std::mt19937 random(7);
  const auto text_of = [&](std::size_t length) {
    std::string text;
    while (text.size() < length) text += static_cast<char>('a' + random() % 3);
    return text;
  };
  for (int round = 0; round < 200; ++round) {
    SecretMasker masker;
    std::vector<std::string> secrets;
    for (std::size_t i = 0; i < 1 + random() % 30; ++i) secrets.push_back(text_of(1 + random() % 6));
    for (const std::string& secret : secrets) masker.add(secret);
    const std::string text = text_of(80);
    ASSERT_EQ(masker.mask(text), masked_plainly(secrets, text)) << "round " << round;
  }
}

TEST(SecretMasker, MasksManyLinesAsItMasksEach) {
  std::mt19937 random(11);
  const auto text_of = [&](std::size_t length, const std::string& letters) {
    std::string text;
    while (text.size() < length) text += letters[random() % letters.size()];
    return text;
  };
  SecretMasker masker;
  masker.add("two\nlines");
  for (int i = 0; i < 100; ++i) masker.add(text_of(4 + random() % 5, "abc"));
  masker.add(text_of(300, "xyz"));
  // The first blocks come before the scanner is there, the last secrets after it.
  for (int round = 0; round < 60; ++round) {
    const std::string block = text_of(40'000, "abcdefghi \n") + "two\nlines";
    std::string expected;
    for (const auto& line : base::split(block, '\n')) expected += masker.mask(line) + "\n";
    ASSERT_EQ(masker.mask_lines(block) + "\n", expected) << "round " << round;
    if (round > 40) masker.add(text_of(5, "abc"));
  }
  EXPECT_EQ(masker.mask_lines(""), "");
  EXPECT_EQ(masker.mask_lines("\n\n"), "\n\n");
}

TEST(SecretMasker, MasksManyLinesOfLongSecretsAsItMasksEach) {
  std::mt19937 random(13);
  SecretMasker masker;
  std::vector<std::string> secrets;
  for (int i = 0; i < 60; ++i) {
    std::string secret;
    while (secret.size() < 16U + static_cast<std::size_t>(i)) secret += "abc"[random() % 3];
    masker.add(secrets.emplace_back(std::move(secret)));
  }
  int masked = 0;
  for (int round = 0; round < 200; ++round) {
    std::string block;
    std::string expected;
    for (int i = 0; i < 300; ++i) {
      std::string line(random() % 70, "abc-"[random() % 4]);
      if (random() % 5 == 0) line += secrets[random() % secrets.size()] + std::string(random() % 20, 'a');
      block += (i == 0 ? "" : "\n") + line;
      expected += (i == 0 ? "" : "\n") + masker.mask(line);
    }
    ASSERT_EQ(masker.mask_lines(block), expected) << "round " << round;
    masked += block == expected ? 0 : 1;
  }
  EXPECT_EQ(masked, 200);
}

TEST(SecretMasker, FindsALongSecretInMuchText) {
  const std::string secret(300, 'k');
  SecretMasker masker;
  masker.add(secret);
  const std::string harmless(1 << 20, '.');
  EXPECT_EQ(masker.mask_lines(harmless), harmless);
  const std::string beginning = secret.substr(0, 299);
  EXPECT_EQ(masker.mask_lines(harmless + "\n" + secret + "\n" + beginning), harmless + "\n***\n" + beginning);
}

TEST(SecretMasker, FindsValuesThatBeginWithAnotherInMuchText) {
  SecretMasker masker;
  for (const auto* secret : {"a-key-of-someone", "a-key-of-someone-else", "a-key-of-no", "b\nof two lines"})
    masker.add(secret);
  const std::string much(2U << 20, 'x');
  EXPECT_EQ(masker.mask_lines(much), much) << "enough for it to be prepared for more";
  EXPECT_EQ(
      masker.mask_lines("1 a-key-of-someone-else!\n2 a-key-of-someone!\n3 a-key-of-no-one\n4 a-key-of-"),
      "1 ***!\n2 ***!\n3 ***-one\n4 a-key-of-");
}

TEST(SecretMasker, CutsAnUnfinishedTextSoThatNoSecretIsDivided) {
  SecretMasker masker;
  masker.add("topsecretvalue");
  EXPECT_EQ(masker.safe_cut("harmless text"), 12U);  // its last letter could begin the secret
  EXPECT_EQ(masker.safe_cut("harmless"), 8U);
  EXPECT_EQ(masker.safe_cut("text topsec"), 5U);
  EXPECT_EQ(masker.safe_cut("topsecretvalue and more"), 23U);
}

TEST(SecretMasker, HidesASecretThatLiesAcrossThePiecesOfALongLine) {
  SecretMasker masker;
  masker.add("topsecretvalue");
  for (std::size_t before = 40; before < 70; ++before) {
    std::string shown;
    LineSplitter lines([&](std::string_view piece) { shown += masker.mask(piece); },
                       [&](std::string_view text) { return masker.safe_cut(text); }, 64);
    lines.feed(std::string(before, '.') + "topsecretvalue" + std::string(100, '.'));
    lines.finish();
    ASSERT_EQ(shown, std::string(before, '.') + "***" + std::string(100, '.')) << before;
  }
}

}  // namespace
}  // namespace steps
