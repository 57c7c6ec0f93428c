import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Ants } from "./Ants.jsx";

createRoot(document.querySelector("#root")).render(
  <StrictMode>
    <Ants weights="/weights/resnet18-int8.safetensors" />
  </StrictMode>,
);
