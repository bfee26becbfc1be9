package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DvaeNamesTest {
  @ParameterizedTest
  @CsvSource({
      "blocks.input.w, '', '', , blocks.input.w",
      "encoder.blocks.input.b, '', '', ENCODER, blocks.input.b",
      "decoder.blocks.output.conv.w, '', '', DECODER, blocks.output.conv.w",
      "blocks.group_4.block_2.res_path.conv_4.b, '', '', , blocks.group_4.block_2.res_path.conv_4.b",
      "weights.vae.enc.blocks.group_2.block_1.id_path.w, weights.vae, weights.vae, ENCODER, blocks.group_2.block_1.id_path.w",
      "vae.dec.blocks.input.weight, vae, vae, DECODER, blocks.input.w",
      "image_codebook.blocks.group_1.group.block_2.res_path.path.conv_3.bias, image_codebook, image_codebook, , blocks.group_1.block_2.res_path.conv_3.b",
      "blocks.group_2.group.block_1.id_path.weight, '', '', , blocks.group_2.block_1.id_path.w",
      "state_dict.model.module._orig_mod.encoder.blocks.input.w, model, state_dict.model.module._orig_mod, ENCODER, blocks.input.w",
      "decoder.state_dict.module.blocks.input.w, '', '', DECODER, blocks.input.w",
      "ema.encoder._orig_mod.blocks.input.w, ema, ema, ENCODER, blocks.input.w"})
  void formsOfNames(String name, String entry, String writtenEntry, DvaeNetwork network, String parameter) {
    DvaeNames found = DvaeNames.of(name);
    assertEquals(entry, found.entry());
    assertEquals(writtenEntry, found.writtenEntry());
    assertEquals(network, found.network().orElse(null));
    assertEquals(parameter, found.parameter().orElseThrow());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "blocks", "blocks.", "blocks.input", "blocks.input.w.exp_avg", "blocks.input.v", "blocks.group_0.block_1.id_path.w",
      "blocks.group_1.block_1.res_path.conv_0.w", "blocks.group_1.id_path.w", "blocks.group_100.block_1.id_path.w", "blocks.output.w", "encoder.input.w",
      "encoder.encoder.blocks.input.w", "block.input.w", "blocks.group_1.block_1.path.id_path.w"})
  void namesOfOtherThings(String name) {
    assertTrue(DvaeNames.of(name).parameter().isEmpty());
  }

  @Test
  void whatMayLieBesideAModel() {
    for (String name : new String[] {"optimizer.state.0.exp_avg", "optimizer_states.0.state.3", "epoch", "global_step", "lr_scheduler.base", "rng_state",
        "encoder_optimizer.state.1"}) {
      assertTrue(DvaeNames.of(name).isBeside(""), name);
      assertTrue(DvaeNames.of(name).isBeside("model"), name);
      assertFalse(DvaeNames.of("model." + name).isBeside("model"), name);
    }
    assertFalse(DvaeNames.of("quantizer.embedding").isBeside(""));
    assertTrue(DvaeNames.of("weights.transformer.layers.0").isBeside("weights.vae"));
    assertFalse(DvaeNames.of("weights.vae.other").isBeside("weights.vae"));
  }
}
